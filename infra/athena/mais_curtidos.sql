-- Most liked tweets of each sentiment, with their links.
-- Scans: the partitions of the days in `parametros`, five columns with `texto`, and one more for edits.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day
        5 AS tweets_max -- of each sentiment
),
ordenados AS (
    SELECT
        sentimento,
        curtidas, -- when the tweet was captured
        id,
        texto,
        row_number() OVER (PARTITION BY sentimento ORDER BY curtidas DESC, id) AS lugar
    FROM tweets_atuais
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
      AND curtidas IS NOT NULL
)
SELECT sentimento, lugar, curtidas, 'https://x.com/i/web/status/' || CAST(id AS varchar) AS link, texto
FROM ordenados
CROSS JOIN parametros
WHERE lugar <= tweets_max
ORDER BY sentimento, lugar
