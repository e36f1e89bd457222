-- Most used mentions (handles), each counted once a tweet, without regard to case.
-- Scans: the partitions of the days in `parametros`, three columns, and one more for edits.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day
        20 AS linhas_max
),
contagens AS (
    SELECT
        lower(mencao) AS mencao,
        count(DISTINCT id) AS tweets,
        row_number() OVER (ORDER BY count(DISTINCT id) DESC, lower(mencao)) AS lugar
    FROM tweets_atuais
    CROSS JOIN parametros
    CROSS JOIN UNNEST(mencoes) AS u(mencao)
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
    GROUP BY lower(mencao)
)
SELECT lugar, mencao, tweets
FROM contagens
CROSS JOIN parametros
WHERE lugar <= linhas_max
ORDER BY lugar
