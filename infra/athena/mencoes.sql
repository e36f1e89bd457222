-- Most used mentions (handles), each counted once a tweet, without regard to case.
-- Scans: the days in `parametros` and the day after them, columns `mencoes`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '6' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        20 AS linhas_max
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
        lower(mencao) AS mencao,
        count(DISTINCT id) AS tweets,
        row_number() OVER (ORDER BY count(DISTINCT id) DESC, lower(mencao)) AS lugar
    FROM versoes
    CROSS JOIN UNNEST(mencoes) AS u(mencao)
    WHERE id = ultima
      AND ano * 10000 + mes * 100 + dia <= ate
    GROUP BY lower(mencao)
)
SELECT lugar, mencao, tweets
FROM contagens
CROSS JOIN parametros
WHERE lugar <= linhas_max
ORDER BY lugar
