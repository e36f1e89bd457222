-- Word counts per day, each with the running total of its word.
-- Scans: the days in `parametros`, `texto` and two columns more.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate -- last day; or a number such as 20261107
)
SELECT
    CAST(criado_em AS date) AS dia_utc,
    palavra,
    count(*) AS vezes,
    sum(count(*)) OVER (PARTITION BY palavra ORDER BY CAST(criado_em AS date)) AS total_ate_o_dia
FROM palavras
CROSS JOIN parametros
WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
GROUP BY CAST(criado_em AS date), palavra
ORDER BY dia_utc DESC, vezes DESC, palavra
