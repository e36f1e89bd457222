-- Most used symbols of each sentiment.
-- Scans: the days in `parametros` and the day after them, columns `simbolo`, `sentimento`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '29' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        5 AS simbolos_max -- of each sentiment
),
versoes AS ( -- the latest version of an edited tweet may be of the day after `ate`
    SELECT *, max(id) OVER (PARTITION BY id_original) AS ultima
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde
      AND CAST(date_format(date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY, '%Y%m%d') AS integer)
),
contagens AS (
    SELECT
        sentimento,
        simbolo,
        count(*) AS tweets,
        row_number() OVER (PARTITION BY sentimento ORDER BY count(*) DESC, simbolo) AS lugar
    FROM versoes
    WHERE id = ultima
      AND ano * 10000 + mes * 100 + dia <= ate
      AND simbolo IS NOT NULL
    GROUP BY sentimento, simbolo
)
SELECT sentimento, lugar, simbolo, tweets
FROM contagens
CROSS JOIN parametros
WHERE lugar <= simbolos_max
ORDER BY sentimento, lugar
