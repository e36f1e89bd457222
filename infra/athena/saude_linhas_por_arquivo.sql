-- Health: rows by RAW file, newest first. A file holds 1 to 100 tweets.
-- Scans: the days in `parametros`, three columns.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '1' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate -- last day; or a number such as 20261107
)
SELECT
    arquivo_raw,
    count(*) AS linhas,
    min(criado_em) AS mais_antigo,
    max(criado_em) AS mais_novo,
    max(capturado_em) AS capturado_em
FROM tweets
CROSS JOIN parametros
WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
GROUP BY arquivo_raw
ORDER BY mais_novo DESC, arquivo_raw
