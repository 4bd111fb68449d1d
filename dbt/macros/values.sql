{# Amounts in currency units with two decimals, whatever the loader made of the number (1.4100000000000001). #}
{% macro amount(text) %}
    {{- return(adapter.dispatch('amount', 'hotmart')(text)) -}}
{% endmacro %}

{% macro default__amount(text) -%}
    cast({{ text }} as decimal(28, 2))
{%- endmacro %}

{% macro bigquery__amount(text) -%}
    round(cast({{ text }} as numeric), 2)
{%- endmacro %}


{# The price of a month of 30 days, half a cent rounded up. Whole numbers only: division differs between warehouses. #}
{% macro monthly_amount(price, period_days) -%}
    cast(
        cast(floor((cast({{ price }} * 100 as {{ dbt.type_bigint() }}) * 60 + {{ period_days }}) / (2 * {{ period_days }}))
            as {{ dbt.type_bigint() }}) * {{ hotmart.amount("'0.01'") }}
    as {{ hotmart.type_amount() }})
{%- endmacro %}

{% macro type_amount() %}
    {{- return(adapter.dispatch('type_amount', 'hotmart')()) -}}
{% endmacro %}

{% macro default__type_amount() -%}
    decimal(28, 2)
{%- endmacro %}

{% macro bigquery__type_amount() -%}
    numeric
{%- endmacro %}


{# A share between 0 and 1 with four decimals, from two counts. Null where there is nothing to divide by. #}
{% macro share(part, whole) -%}
    cast(
        case when {{ whole }} > 0 then
            cast(floor(({{ part }} * 20000 + {{ whole }}) / (2 * {{ whole }})) as {{ dbt.type_bigint() }})
            * {{ hotmart.fraction("'0.0001'") }}
        end
    as {{ hotmart.type_fraction() }})
{%- endmacro %}

{# A number with four decimals. #}
{% macro fraction(text) -%}
    cast({{ text }} as {{ hotmart.type_fraction() }})
{%- endmacro %}

{% macro type_fraction() %}
    {{- return(adapter.dispatch('type_fraction', 'hotmart')()) -}}
{% endmacro %}

{% macro default__type_fraction() -%}
    decimal(28, 4)
{%- endmacro %}

{% macro bigquery__type_fraction() -%}
    numeric
{%- endmacro %}


{# The value of a parameter, such as utm_source, in a tracking code that has the form of a query (a=1&b=2). #}
{% macro query_parameter(text, name) %}
    {{- return(adapter.dispatch('query_parameter', 'hotmart')(text, name)) -}}
{% endmacro %}

{% macro duckdb__query_parameter(text, name) -%}
    nullif(regexp_extract({{ text }}, '(?:^|[?&;|])' || '{{ name }}=([^&;|]*)', 1), '')
{%- endmacro %}

{% macro postgres__query_parameter(text, name) -%}
    nullif(substring({{ text }} from '(?:^|[?&;|])' || '{{ name }}=([^&;|]*)'), '')
{%- endmacro %}

{% macro bigquery__query_parameter(text, name) -%}
    nullif(regexp_extract({{ text }}, r'(?:^|[?&;|]){{ name }}=([^&;|]*)'), '')
{%- endmacro %}

{% macro snowflake__query_parameter(text, name) -%}
    nullif(regexp_substr({{ text }}, '(^|[?&;|]){{ name }}=([^&;|]*)', 1, 1, 'e', 2), '')
{%- endmacro %}
