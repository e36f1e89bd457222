-- Health: hours without tweets, from the first hour that has some to the end of `ate` or until now. A quiet night, or a pause of the capture.
-- Scans: the days in `parametros`, one column.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
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
    SELECT
        instante_s - instante_s % 3600 AS hora_s,
        lead(instante_s - instante_s % 3600) OVER (ORDER BY instante_s - instante_s % 3600) AS proxima_s -- null after the last
    FROM instantes
    GROUP BY instante_s - instante_s % 3600
)
SELECT from_unixtime(vazia_s) AS hora_utc
FROM com_tweets
CROSS JOIN parametros
CROSS JOIN UNNEST(sequence(hora_s, coalesce(proxima_s - 3600, greatest(agora_s, hora_s)), 3600)) AS s(vazia_s)
WHERE vazia_s > hora_s
  AND CAST(date_format(from_unixtime(vazia_s), '%Y%m%d') AS integer) <= ate
ORDER BY hora_utc
