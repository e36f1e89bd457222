-- Health: rows that are there twice. `duplicados` must be 0.
-- Scans: the days in `parametros`, column `id`.
WITH parametros AS (
    SELECT
        20240101 AS desde, -- first day (UTC): by default all there are
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate -- last day; or a number such as 20261107
)
SELECT count(*) AS linhas, count(DISTINCT id) AS tweets, count(*) - count(DISTINCT id) AS duplicados
FROM tweets
CROSS JOIN parametros
WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
