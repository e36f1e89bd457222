-- Share of each symbol among the tweets that have one.
-- Scans: the days in `parametros` and the day after them, columns `simbolo`, `sentimento`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '29' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate -- last day; or a number such as 20261107
),
versoes AS ( -- the latest version of an edited tweet may be of the day after `ate`
    SELECT *, max(id) OVER (PARTITION BY id_original) AS ultima
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde
      AND CAST(date_format(date_parse(CAST(ate AS varchar), '%Y%m%d') + INTERVAL '1' DAY, '%Y%m%d') AS integer)
)
SELECT
    simbolo,
    sentimento,
    count(*) AS tweets,
    round(100 * CAST(count(*) AS double) / sum(count(*)) OVER (), 1) AS por_cento
FROM versoes
WHERE id = ultima
  AND ano * 10000 + mes * 100 + dia <= ate
  AND simbolo IS NOT NULL
GROUP BY simbolo, sentimento
ORDER BY tweets DESC, simbolo
