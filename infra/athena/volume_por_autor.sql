-- Authors with the most tweets, by id alone. What they feel is not asked: sentiment is never put together by author.
-- Scans: the partitions of the days in `parametros`, two columns, and one more for edits.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day
        20 AS linhas_max
),
contagens AS (
    SELECT
        autor_id,
        count(*) AS tweets,
        row_number() OVER (ORDER BY count(*) DESC, autor_id) AS lugar
    FROM tweets_atuais
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
      AND autor_id IS NOT NULL
    GROUP BY autor_id
)
SELECT lugar, autor_id, tweets
FROM contagens
CROSS JOIN parametros
WHERE lugar <= linhas_max
ORDER BY lugar
