{# Times. Models hold UTC without a time zone (BigQuery: TIMESTAMP), and local dates in names that end in _on. #}

{# A column of times, with or without a time zone, as UTC. Without one it is taken for UTC, in whatever session. #}
{% macro utc(column) %}
    {{- return(adapter.dispatch('utc', 'hotmart')(column)) -}}
{% endmacro %}

{% macro duckdb__utc(column) -%}
    make_timestamp(epoch_us({{ column }}))
{%- endmacro %}

{% macro postgres__utc(column) -%}
    (timestamp '1970-01-01' + extract(epoch from {{ column }}) * interval '1 second')
{%- endmacro %}

{% macro bigquery__utc(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}

{% macro snowflake__utc(column) -%}
    to_timestamp_ntz(date_part(epoch_microsecond, {{ column }}), 6)
{%- endmacro %}


{# A text such as 2026-01-31T12:00:00.000Z as UTC. #}
{% macro utc_from_text(text) %}
    {{- return(adapter.dispatch('utc_from_text', 'hotmart')(text)) -}}
{% endmacro %}

{% macro default__utc_from_text(text) -%}
    (cast({{ text }} as timestamp with time zone) at time zone 'UTC')
{%- endmacro %}

{% macro bigquery__utc_from_text(text) -%}
    cast({{ text }} as timestamp)
{%- endmacro %}

{% macro snowflake__utc_from_text(text) -%}
    cast(convert_timezone('UTC', cast({{ text }} as timestamp_tz)) as timestamp_ntz)
{%- endmacro %}


{# The date of a time (UTC) in the account's time zone. #}
{% macro local_date(column) %}
    {{- return(adapter.dispatch('local_date', 'hotmart')(column)) -}}
{% endmacro %}

{% macro default__local_date(column) -%}
    cast({{ column }} at time zone 'UTC' at time zone '{{ var("hotmart_timezone") }}' as date)
{%- endmacro %}

{% macro bigquery__local_date(column) -%}
    date({{ column }}, '{{ var("hotmart_timezone") }}')
{%- endmacro %}

{% macro snowflake__local_date(column) -%}
    to_date(convert_timezone('UTC', '{{ var("hotmart_timezone") }}', {{ column }}))
{%- endmacro %}


{# The first day of the month of a date or time. #}
{% macro month_of(column) -%}
    cast({{ dbt.date_trunc('month', column) }} as date)
{%- endmacro %}


{# A time some days later. #}
{% macro days_later(column, days) %}
    {{- return(adapter.dispatch('days_later', 'hotmart')(column, days)) -}}
{% endmacro %}

{% macro default__days_later(column, days) -%}
    ({{ column }} + {{ days }} * interval '1 day')
{%- endmacro %}

{% macro bigquery__days_later(column, days) -%}
    timestamp_add({{ column }}, interval {{ days }} day)
{%- endmacro %}

{% macro snowflake__days_later(column, days) -%}
    dateadd(day, {{ days }}, {{ column }})
{%- endmacro %}


{# A query with a column month_on: the first day of each month between two dates of a row, both included. #}
{% macro months_between(relation, first, last) %}
    {{- return(adapter.dispatch('months_between', 'hotmart')(relation, first, last)) -}}
{% endmacro %}

{% macro duckdb__months_between(relation, first, last) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval '1 month')) as date) as month_on
    from {{ relation }}
{%- endmacro %}

{% macro postgres__months_between(relation, first, last) -%}
    select cast(generate_series({{ first }}, {{ last }}, interval '1 month') as date) as month_on
    from {{ relation }}
{%- endmacro %}

{% macro bigquery__months_between(relation, first, last) -%}
    select month_on
    from {{ relation }}
    cross join unnest(generate_date_array({{ first }}, {{ last }}, interval 1 month)) as month_on
{%- endmacro %}

{% macro snowflake__months_between(relation, first, last) -%}
    select cast(dateadd(month, one.value, {{ first }}) as date) as month_on
    from {{ relation }}
    cross join lateral flatten(
        input => array_generate_range(0, datediff(month, {{ first }}, {{ last }}) + 1)
    ) as one
{%- endmacro %}


{# What counts as now in a mart: the variable hotmart_as_of, or the last sync of a staging model. #}
{% macro as_of(relation) -%}
    {%- if var('hotmart_as_of', none) -%}
    cast('{{ var("hotmart_as_of") }}' as {{ dbt.type_timestamp() }})
    {%- else -%}
    (select max(synced_at) from {{ relation }})
    {%- endif -%}
{%- endmacro %}
