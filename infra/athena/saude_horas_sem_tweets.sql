-- Health: hours without tweets, from the first hour that has some to the end of `ate` or until now. A quiet night, or a pause of the capture.
-- Scans: the days in `parametros`, one column.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC), 416 days ago at most; or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        CAST(floor(to_unixtime(current_timestamp)) AS bigint) AS agora_s
),
instantes AS (
    SELECT CAST(floor(to_unixtime(criado_em)) AS bigint) AS instante_s
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
),
com_tweets AS (
    SELECT DISTINCT instante_s - instante_s % 3600 AS hora_s
    FROM instantes
),
primeira AS (
    SELECT min(hora_s) AS primeira_s
    FROM com_tweets
),
todas AS (
    SELECT hora_s
    FROM primeira
    CROSS JOIN parametros
    CROSS JOIN UNNEST(sequence(primeira_s, agora_s, 3600)) AS s(hora_s)
    WHERE CAST(date_format(from_unixtime(hora_s), '%Y%m%d') AS integer) <= ate
)
SELECT from_unixtime(todas.hora_s) AS hora_utc
FROM todas
LEFT JOIN com_tweets ON com_tweets.hora_s = todas.hora_s
WHERE com_tweets.hora_s IS NULL
ORDER BY hora_utc
