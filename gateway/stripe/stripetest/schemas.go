package stripetest

// The parameters of the operations, in the language of schemaOf, as Stripe's OpenAPI specification of 2023-10-16 has them. What
// this package cannot honour is "off" and refused by name.

// methodTypes are the kinds of payment methods other than a card.
const methodTypes = `acss_debit,affirm,afterpay_clearpay,alipay,au_becs_debit,bacs_debit,bancontact,blik,boleto,cashapp,customer_balance,` +
	`eps,fpx,giropay,grabpay,ideal,interac_present,klarna,konbini,link,oxxo,p24,paynow,paypal,pix,promptpay,revolut_pay,sepa_debit,` +
	`sofort,swish,us_bank_account,wechat_pay,zip off`

// cardParams are a card as typed, or a token for one.
const cardParams = `card {
token,number str
exp_month,exp_year int
cvc str
networks any
}`

const billingParams = `billing_details {
address {
city,country,line1,line2,postal_code,state str
}
email,name,phone str
}`

const createMethodParams = `type id
customer,payment_method off
metadata map
radar_options any
` + billingParams + "\n" + cardParams + "\n" + methodTypes

// methodDataParams are payment_method_data. Its card is in no specification of Stripe's, and taken all the same.
const methodDataParams = `payment_method_data {
type id!
metadata map
radar_options any
` + billingParams + "\n" + cardParams + "\n" + methodTypes + `
}`

const updateMethodParams = `metadata map
card {
exp_month,exp_year int
networks any
}
link,us_bank_account off
` + billingParams

//nolint:gosec // G101: names of parameters, no credentials
const createTokenParams = `card {
number,name,cvc,currency str
exp_month,exp_year int
address_city,address_country,address_line1,address_line2,address_state,address_zip str
networks any
}
customer,account,bank_account,cvc_update,person,pii off`

const shippingParams = `shipping {
address {
city,country,line1,line2,postal_code,state str
}
carrier,name,phone,tracking_number str
}`

// intentParams are those that create, update and confirm share.
const intentParams = `payment_method str
payment_method_options any
receipt_email str
` + shippingParams + "\n" + methodDataParams

const connectParams = `application_fee_amount,transfer_data off`

const createIntentParams = `amount int!
currency id!
automatic_payment_methods {
enabled bool!
allow_redirects enum:always|never
}
payment_method_types []id
capture_method enum:automatic|automatic_async|manual
confirm bool
confirmation_method enum:automatic|manual
customer id
description str
error_on_requires_action bool
mandate,mandate_data any
metadata map
off_session id
payment_method_configuration off
radar_options any
on_behalf_of off
return_url id
setup_future_usage enum:on_session|off_session
statement_descriptor,statement_descriptor_suffix str
transfer_group str
use_stripe_sdk bool
` + intentParams + "\n" + connectParams

const updateIntentParams = `amount int
currency id
payment_method_types []id
capture_method enum:automatic|automatic_async|manual
customer str
description str
metadata map
payment_method_configuration off
setup_future_usage enum:|on_session|off_session
statement_descriptor,statement_descriptor_suffix str
transfer_group str
` + intentParams + "\n" + connectParams

const confirmIntentParams = `client_secret id
capture_method enum:automatic|automatic_async|manual
error_on_requires_action bool
mandate,mandate_data any
off_session id
payment_method_types []id
radar_options any
return_url id
setup_future_usage enum:|on_session|off_session
use_stripe_sdk bool
` + intentParams

const captureIntentParams = `amount_to_capture int
final_capture bool
metadata map
statement_descriptor,statement_descriptor_suffix str
application_fee_amount,transfer_data off`

const createSetupParams = `automatic_payment_methods {
enabled bool!
allow_redirects enum:always|never
}
attach_to_self,flow_directions,on_behalf_of,payment_method_configuration,single_use off
confirm bool
customer id
description str
mandate_data any
metadata map
payment_method id
payment_method_options any
payment_method_types []id
return_url id
usage enum:off_session|on_session
use_stripe_sdk bool
` + methodDataParams

const updateSetupParams = `attach_to_self,flow_directions,payment_method_configuration off
customer id
description str
metadata map
payment_method id
payment_method_options any
payment_method_types []id
` + methodDataParams

const confirmSetupParams = `client_secret id
mandate_data any
payment_method id
payment_method_options any
return_url id
use_stripe_sdk bool
` + methodDataParams

const createRefundParams = `amount int
charge,payment_intent id
currency,customer,instructions_email,origin,refund_application_fee,reverse_transfer off
metadata map
reason enum:duplicate|fraudulent|requested_by_customer`

const customerParams = `address {
city,country,line1,line2,postal_code,state str
}
description,email,name,phone str
invoice_settings {
default_payment_method str
custom_fields,footer,rendering_options off
}
metadata map
preferred_locales []str
shipping {
address {
city,country,line1,line2,postal_code,state str
}
name,phone str
}
balance,cash_balance,coupon off
invoice_prefix,next_invoice_sequence,promotion_code,source,tax,tax_exempt off`

const updateCustomerParams = customerParams + `
bank_account,card,default_alipay_account,default_bank_account,default_card,default_source off`

const createCustomerParams = customerParams + `
payment_method id
tax_id_data,test_clock off`

const recurringParams = `recurring {
interval enum:day|week|month|year!
interval_count int
}`

const priceDataParams = `price_data {
currency id!
product id!
unit_amount int
unit_amount_decimal,tax_behavior off
` + recurringParams + `
}`

const createProductParams = `name id!
id id
active bool
description str
metadata map
default_price_data {
currency id!
unit_amount int
unit_amount_decimal,tax_behavior,currency_options off
` + recurringParams + `
}
features,images,package_dimensions,shippable,statement_descriptor,tax_code,unit_label,url off`

const updateProductParams = `name id
active bool
description str
default_price id
metadata map
features,images,package_dimensions,shippable,statement_descriptor,tax_code,unit_label,url off`

const createPriceParams = `currency id!
unit_amount int
product id
product_data {
name id!
id id
active bool
metadata map
statement_descriptor,tax_code,unit_label off
}
active bool
lookup_key,nickname str
metadata map
billing_scheme enum:per_unit
recurring {
interval enum:day|week|month|year!
interval_count int
aggregate_usage,usage_type off
}
currency_options,custom_unit_amount,tax_behavior,tiers,tiers_mode,transfer_lookup_key,transform_quantity,unit_amount_decimal off`

const updatePriceParams = `active bool
lookup_key,nickname str
metadata map
currency_options,tax_behavior,transfer_lookup_key off`

const itemsParams = `items []{
price id
quantity int
metadata map
billing_thresholds,tax_rates off
` + priceDataParams + `
}`

const subscriptionParams = `cancel_at_period_end bool
cancel_at int
collection_method enum:charge_automatically
default_payment_method id
description str
metadata map
off_session bool
payment_settings {
save_default_payment_method enum:off|on_subscription
payment_method_types []str
payment_method_options any
}
trial_end id
trial_settings {
end_behavior {
missing_payment_method enum:cancel|create_invoice|pause!
}
}
add_invoice_items,application_fee_percent,automatic_tax,billing_cycle_anchor,billing_thresholds,coupon,days_until_due off
default_source,default_tax_rates,invoice_settings,on_behalf_of,pending_invoice_item_interval,promotion_code off
proration_behavior enum:always_invoice|create_prorations|none
transfer_data,trial_from_plan off`

const createSubscriptionParams = `customer id!
currency id
payment_behavior enum:allow_incomplete|default_incomplete|error_if_incomplete|pending_if_incomplete
trial_period_days int
` + itemsParams + "\n" + subscriptionParams + `
backdate_start_date,billing_cycle_anchor_config off`

const updateSubscriptionParams = subscriptionParams + `
payment_behavior enum:allow_incomplete|default_incomplete|error_if_incomplete|pending_if_incomplete
cancellation_details any
items,pause_collection,proration_date off`

const cancelSubscriptionParams = `cancellation_details any
invoice_now,prorate bool`

const payInvoiceParams = `off_session bool
paid_out_of_band bool
payment_method id
forgive bool
mandate,source off`

const pageParams = `limit int
starting_after,ending_before id`

const listParams = pageParams + `
created range`

const listSubscriptionsParams = listParams + `
customer id
status enum:active|all|canceled|ended|incomplete|incomplete_expired|past_due|paused|trialing|unpaid
price,collection_method,current_period_end,current_period_start,automatic_tax,test_clock off`

const listInvoicesParams = listParams + `
customer,subscription id
status enum:draft|open|paid|uncollectible|void
collection_method,due_date off`

const searchParams = `query id!
limit int
page id`
