{# The only place that reads JSON: each warehouse has its own functions. A path is dotted, such as price.value. #}

{% macro json_text(column, path) %}
    {{- return(adapter.dispatch('json_text', 'hotmart')(column, path)) -}}
{% endmacro %}

{% macro duckdb__json_text(column, path) -%}
    json_extract_string({{ column }}, '$.{{ path }}')
{%- endmacro %}

{% macro postgres__json_text(column, path) -%}
    (cast({{ column }} as jsonb) #>> '{{ "{" ~ path.replace(".", ",") ~ "}" }}')
{%- endmacro %}

{% macro bigquery__json_text(column, path) -%}
    json_value({{ column }}, '$.{{ path }}')
{%- endmacro %}

{% macro snowflake__json_text(column, path) -%}
    cast(get_path({{ column }}, '{{ path }}') as varchar)
{%- endmacro %}


{# Several texts of one column. DuckDB parses a column for each text, so it reads all of them at once: a column
   COLUMN_texts is added in a subquery (read_json_texts), and each text is taken from there (json_text_read). #}
{% macro read_json_texts(column, paths) %}
    {{- return(adapter.dispatch('read_json_texts', 'hotmart')(column, paths)) -}}
{% endmacro %}

{% macro default__read_json_texts(column, paths) -%}
{%- endmacro %}

{% macro duckdb__read_json_texts(column, paths) -%}
    , json_extract_string({{ column }}, ['$.{{ paths | join("', '$.") }}']) as {{ column }}_texts
{%- endmacro %}


{% macro json_text_read(column, path, paths) %}
    {{- return(adapter.dispatch('json_text_read', 'hotmart')(column, path, paths)) -}}
{% endmacro %}

{% macro default__json_text_read(column, path, paths) -%}
    {{ hotmart.json_text(column, path) }}
{%- endmacro %}

{% macro duckdb__json_text_read(column, path, paths) -%}
    {{ column }}_texts[{{ paths.index(path) + 1 }}]
{%- endmacro %}


{# Join the entries of a JSON array to their row. Refer to an entry with json_entry. #}
{% macro join_json_entries(column, alias) %}
    {{- return(adapter.dispatch('join_json_entries', 'hotmart')(column, alias)) -}}
{% endmacro %}

{% macro duckdb__join_json_entries(column, alias) -%}
    cross join unnest(cast({{ column }} as json[])) as {{ alias }}(entry)
{%- endmacro %}

{% macro postgres__join_json_entries(column, alias) -%}
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof(cast({{ column }} as jsonb)) = 'array' then cast({{ column }} as jsonb) end
    ) as {{ alias }}(entry)
{%- endmacro %}

{% macro bigquery__join_json_entries(column, alias) -%}
    cross join unnest(json_query_array({{ column }})) as {{ alias }}
{%- endmacro %}

{% macro snowflake__join_json_entries(column, alias) -%}
    cross join lateral flatten(input => {{ column }}) as {{ alias }}
{%- endmacro %}


{% macro json_entry(alias) %}
    {{- return(adapter.dispatch('json_entry', 'hotmart')(alias)) -}}
{% endmacro %}

{% macro default__json_entry(alias) -%}
    {{ alias }}.entry
{%- endmacro %}

{% macro bigquery__json_entry(alias) -%}
    {{ alias }}
{%- endmacro %}

{% macro snowflake__json_entry(alias) -%}
    {{ alias }}.value
{%- endmacro %}
