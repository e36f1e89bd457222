-- Numbers of today: tweets since midnight in the local time of the parameter, the newest tweet, the last capture, and how late the former was
-- captured.
-- Scans: the days in `parametros` and the day after them, columns `criado_em`, `capturado_em` and `id_original`.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '1' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        -3 AS fuso, -- hours from UTC: Brasília
        CAST(floor(to_unixtime(current_timestamp)) AS bigint) AS agora_s
),
ultimas AS ( -- the latest version of an edited tweet, which is also its newest, may be of the day after `ate`
    SELECT max(criado_em) AS criado_em, max(capturado_em) AS capturado_em
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde
      AND CAST(date_format(date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY, '%Y%m%d') AS integer)
    GROUP BY id_original
),
instantes AS (
    SELECT
        CAST(floor(to_unixtime(criado_em)) AS bigint) + fuso * 3600 AS local_s,
        agora_s + fuso * 3600 AS agora_local_s,
        criado_em,
        capturado_em
    FROM ultimas
    CROSS JOIN parametros
    WHERE criado_em < date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY
)
SELECT
    count(*) FILTER (WHERE local_s >= agora_local_s - agora_local_s % 86400) AS tweets_hoje,
    max(criado_em) AS ultimo_tweet,
    max(capturado_em) AS ultima_captura,
    CAST(floor(to_unixtime(max(capturado_em)) - to_unixtime(max(criado_em))) AS bigint) AS atraso_s
FROM instantes
