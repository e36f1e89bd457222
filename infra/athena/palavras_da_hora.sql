-- Most used words of the last hour, each beside its count in the hour before.
-- Scans: the days of the two hours, `texto` and two columns more.
WITH parametros AS (
    SELECT
        current_timestamp - INTERVAL '2' HOUR AS desde, -- first instant of the earlier hour (UTC); or TIMESTAMP '2026-11-01 12:00:00'
        current_timestamp AS ate, -- the instant after the last one; or TIMESTAMP '2026-11-01 14:00:00'
        12 AS linhas_max
),
contagens AS (
    SELECT
        palavra,
        count(*) FILTER (WHERE criado_em >= ate - INTERVAL '1' HOUR) AS vezes,
        count(*) FILTER (WHERE criado_em < ate - INTERVAL '1' HOUR) AS vezes_antes
    FROM palavras
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN CAST(date_format(desde, '%Y%m%d') AS integer) AND CAST(date_format(ate, '%Y%m%d') AS integer)
      AND criado_em >= desde
      AND criado_em < ate
    GROUP BY palavra
),
ordenadas AS (
    SELECT *, row_number() OVER (ORDER BY vezes DESC, palavra) AS lugar
    FROM contagens
    WHERE vezes > 0
)
SELECT lugar, palavra, vezes, vezes_antes, vezes - vezes_antes AS variacao
FROM ordenadas
CROSS JOIN parametros
WHERE lugar <= linhas_max
ORDER BY lugar
