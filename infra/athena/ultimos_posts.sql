-- Latest eight tweets of the last day with their sentiment.
-- Scans: the days from `desde` to an hour after `ate`, columns `criado_em`, `sentimento`, `simbolo`, `texto`, `id` and `id_original`.
WITH parametros AS (
    SELECT
        current_timestamp - INTERVAL '24' HOUR AS desde, -- first instant (UTC); or TIMESTAMP '2026-11-01 14:00:00'
        current_timestamp AS ate -- the instant after the last one; or TIMESTAMP '2026-11-02 14:00:00'
),
versoes AS ( -- the latest version of an edited tweet may be later than `ate`, by an hour at most
    SELECT *, max(id) OVER (PARTITION BY id_original) AS ultima
    FROM tweets
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN CAST(date_format(desde, '%Y%m%d') AS integer)
      AND CAST(date_format(ate + INTERVAL '1' HOUR, '%Y%m%d') AS integer)
      AND criado_em >= desde -- and so is every later version
),
novos AS (
    SELECT id, criado_em, sentimento, simbolo, texto
    FROM versoes
    WHERE id = ultima
      AND criado_em < ate
    ORDER BY id DESC
    LIMIT 8
)
SELECT row_number() OVER (ORDER BY id DESC) AS lugar, criado_em, sentimento, simbolo, texto
FROM novos
ORDER BY lugar
