-- Health: tweets captured per hour, beside the mean of the hours that have any.
-- Scans: the days in `parametros`, one column.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate -- last day; or a number such as 20261107
),
instantes AS (
    SELECT CAST(floor(to_unixtime(criado_em)) AS bigint) AS instante_s
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
),
horas AS (
    SELECT instante_s - instante_s % 3600 AS hora_s, count(*) AS tweets
    FROM instantes
    GROUP BY instante_s - instante_s % 3600
)
SELECT
    from_unixtime(hora_s) AS hora_utc,
    tweets,
    round(avg(tweets) OVER (), 1) AS media,
    round(tweets / avg(tweets) OVER (), 2) AS vezes_a_media
FROM horas
ORDER BY hora_utc DESC
