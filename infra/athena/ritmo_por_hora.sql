-- Hourly rhythm: tweets in each hour of the day, in the local time of the parameter.
-- Scans: the partitions of the days in `parametros`, two columns, and one more for edits.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day
        -3 AS fuso -- hours from UTC: Brasília
),
horas AS (
    SELECT (EXTRACT(HOUR FROM criado_em) + fuso + 24) % 24 AS hora
    FROM tweets_atuais
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
)
SELECT hora, count(*) AS tweets, round(100 * CAST(count(*) AS double) / sum(count(*)) OVER (), 1) AS por_cento
FROM horas
GROUP BY hora
ORDER BY hora
