-- Word counts in windows of 10 minutes, one every 5 minutes, output mode complete: all windows.
-- A window holds the words of tweets created in [inicio, fim). Windows at the ends of the period hold only what lies in it.
-- Scans: the days in `parametros`, `texto` and two columns more.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '1' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate, -- last day; or a number such as 20261107
        600 AS janela_s, -- length of a window
        300 AS passo_s -- from the beginning of a window to that of the next
),
instantes AS (
    SELECT palavra, CAST(floor(to_unixtime(criado_em)) AS bigint) AS instante_s
    FROM palavras
    CROSS JOIN parametros
    WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
),
janelas AS ( -- a word is in each window that began less than `janela_s` before it
    SELECT palavra, instante_s - instante_s % passo_s - atras_s AS inicio_s, janela_s
    FROM instantes
    CROSS JOIN parametros
    CROSS JOIN UNNEST(sequence(0, janela_s - 1, passo_s)) AS s(atras_s)
    WHERE instante_s % passo_s + atras_s < janela_s
)
SELECT from_unixtime(inicio_s) AS inicio, from_unixtime(inicio_s + janela_s) AS fim, palavra, count(*) AS vezes
FROM janelas
GROUP BY inicio_s, janela_s, palavra
ORDER BY inicio, vezes DESC, palavra
