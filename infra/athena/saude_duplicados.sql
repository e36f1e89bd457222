-- Health: rows that are there twice. `duplicados` must be 0.
-- Scans: column `id` of all days.
WITH parametros AS (
    SELECT 20240101 AS desde -- first day (UTC)
)
SELECT count(*) AS linhas, count(DISTINCT id) AS tweets, count(*) - count(DISTINCT id) AS duplicados
FROM tweets
CROSS JOIN parametros
WHERE ano * 10000 + mes * 100 + dia >= desde
