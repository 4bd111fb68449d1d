{# A stream with one row per key. In append mode, which keeps every copy of a row, the newest copy is taken. #}
{% macro latest(stream, keys) -%}
    {%- if var('hotmart_append_mode') -%}
    (
        select * from (
            select
                *,
                row_number() over (
                    partition by {{ keys | join(', ') }} order by _airbyte_extracted_at desc
                ) as _hotmart_copy
            from {{ source('hotmart', stream) }}
        ) as copies
        where _hotmart_copy = 1
    )
    {%- else -%}
    {{ source('hotmart', stream) }}
    {%- endif -%}
{%- endmacro %}
