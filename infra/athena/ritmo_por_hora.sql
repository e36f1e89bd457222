-- Hourly rhythm: tweets in each hour of the day, in the local time of the parameter.
-- Scans: the days in `parametros` and the day after them, columns `criado_em`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        -3 AS fuso -- hours from UTC: Brasília
),
versoes AS ( -- the latest version of an edited tweet may be of the day after `ate`
    SELECT *, max(id) OVER (PARTITION BY id_original) AS ultima
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde
      AND CAST(date_format(date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY, '%Y%m%d') AS integer)
),
horas AS (
    SELECT (EXTRACT(HOUR FROM criado_em) + fuso + 24) % 24 AS hora
    FROM versoes
    WHERE id = ultima
      AND ano * 10000 + mes * 100 + dia <= ate
)
SELECT hora, count(*) AS tweets, round(100 * CAST(count(*) AS double) / sum(count(*)) OVER (), 1) AS por_cento
FROM horas
GROUP BY hora
ORDER BY hora
