// The DTOs of the documented routes, with the members and the spelling of the service's own description.

/** What a request says of the customer. The order knows better where both speak. */
export class Customer {
  ID = 0;
  CustomerCode;
  BusinessName;
  FirstName;
  LastName;
  Email;
  UID;
  AgentId = 0;
  constructor(init) { Object.assign(this, init); }
}

/** How the payer pays: a token, a card, or neither, and then the payer confirms by the client secret. */
export class PaymentInfo {
  PaymentType;
  CardNumber;
  ExpDate;
  CCV;
  StripeToken;
  AgentId = 0;
  constructor(init) { Object.assign(this, init); }
}

/** The request of POST, PUT and GET. */
export class CustomerPaymentsRequest {
  Customer;
  OrderID;
  PaymentInfo;
  constructor(init) { Object.assign(this, init); }
  getTypeName() { return 'CustomerPaymentsRequest'; }
  getMethod() { return 'POST'; }
  createResponse() { return new CustomerPaymentsResponse(); }
}

/** The record of one payment. */
export class CustomerPayment {
  ID = 0;
  CustomerID = 0;
  OrderHeaderID = 0;
  Amount;
  Approved = false;
  AuthCode;
  CardNumber;
  Message;
  ResponseCode = 0;
  TransactionId;
  TransactionDate;
  FullResponse;
  PaymentStatus = 0;
  PaymentType = 0;
  constructor(init) { Object.assign(this, init); }
}

/** The answer. */
export class CustomerPaymentsResponse {
  ResponseStatus;
  PaymentIntentSuccess = false;
  PaymentSuccess = false;
  SubscriptionSuccess = false;
  Message;
  ReceiptUrl;
  AgentNumber;
  ClientSecret;
  CustomerPayment;
  PublicOrderID;
  constructor(init) { Object.assign(this, init); }
}
