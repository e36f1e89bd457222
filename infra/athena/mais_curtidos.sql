-- Most liked tweets of each sentiment, with their links.
-- Scans: the days in `parametros` and the day after them, columns `sentimento`, `curtidas`, `texto`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        5 AS tweets_max -- of each sentiment
),
versoes AS ( -- the latest version of an edited tweet may be of the day after `ate`
    SELECT *, max(id) OVER (PARTITION BY id_original) AS ultima
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde
      AND CAST(date_format(date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY, '%Y%m%d') AS integer)
),
ordenados AS (
    SELECT
        sentimento,
        curtidas, -- when the tweet was captured
        id,
        texto,
        row_number() OVER (PARTITION BY sentimento ORDER BY curtidas DESC, id) AS lugar
    FROM versoes
    WHERE id = ultima
      AND ano * 10000 + mes * 100 + dia <= ate
      AND curtidas IS NOT NULL
)
SELECT sentimento, lugar, curtidas, 'https://x.com/i/web/status/' || CAST(id AS varchar) AS link, texto
FROM ordenados
CROSS JOIN parametros
WHERE lugar <= tweets_max
ORDER BY sentimento, lugar
