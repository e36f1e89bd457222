-- Weekly rhythm: tweets in each hour of each day of the week (Monday is 0), in the local time of the parameter.
-- Scans: the days in `parametros` and the day after them, columns `criado_em` and `id_original`.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        -3 AS fuso -- hours from UTC: Brasília
),
ultimas AS ( -- the latest version of an edited tweet, which is also its newest, may be of the day after `ate`
    SELECT CAST(floor(to_unixtime(max(criado_em))) AS bigint) AS instante_s
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde
      AND CAST(date_format(date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY, '%Y%m%d') AS integer)
    GROUP BY id_original
),
instantes AS (
    SELECT instante_s + fuso * 3600 AS local_s
    FROM ultimas
    CROSS JOIN parametros
    WHERE instante_s < CAST(floor(to_unixtime(date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY)) AS bigint)
),
horas AS ( -- 1970 began on a Thursday; `extract(dow …)` numbers the days otherwise in each engine
    SELECT ((local_s - local_s % 86400) / 86400 + 3) % 7 AS dia_da_semana, (local_s % 86400 - local_s % 3600) / 3600 AS hora
    FROM instantes
)
SELECT dia_da_semana, hora, count(*) AS tweets
FROM horas
GROUP BY dia_da_semana, hora
ORDER BY dia_da_semana, hora
