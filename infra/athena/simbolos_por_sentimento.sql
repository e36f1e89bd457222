-- Most used symbols of each sentiment.
-- Scans: the partitions of the days in `parametros`, three columns, and two more for edits.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '29' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day
        5 AS simbolos_max -- of each sentiment
),
contagens AS (
    SELECT
        sentimento,
        simbolo,
        count(*) AS tweets,
        row_number() OVER (PARTITION BY sentimento ORDER BY count(*) DESC, simbolo) AS lugar
    FROM tweets_atuais
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
      AND simbolo IS NOT NULL
    GROUP BY sentimento, simbolo
)
SELECT sentimento, lugar, simbolo, tweets
FROM contagens
CROSS JOIN parametros
WHERE lugar <= simbolos_max
ORDER BY sentimento, lugar
