package stripe

import (
	stripego "github.com/stripe/stripe-go/v76"
)

// The messages that a payer may read. Stripe advises not to tell the payer of a lost, stolen or blocked card why
// (https://docs.stripe.com/declines/codes).
const (
	messageLater     = "The card could not be charged right now. Please try again in a moment."
	messageData      = "Please check the card's details and try again."
	messageExpired   = "The card has expired. Please use another card."
	messageFunds     = "The card has insufficient funds. Please use another card."
	messageOther     = "The card was declined. Please use another card."
	messageCurrency  = "The card cannot be charged in this currency. Please use another card."
	messageAuthentic = "The payment could not be authenticated. Please try again or use another card."
	messageDuplicate = "A payment with the same amount was made a moment ago. Please check before you pay again."
)

// declineMessages says what a payer may read for each decline code, where it is not messageOther.
var declineMessages = map[stripego.DeclineCode]string{
	// Retry later.
	stripego.DeclineCodeTryAgainLater:      messageLater,
	stripego.DeclineCodeIssuerNotAvailable: messageLater,
	stripego.DeclineCodeProcessingError:    messageLater,
	stripego.DeclineCodeReenterTransaction: messageLater,
	stripego.DeclineCodeApproveWithID:      messageLater,
	// Fix the data.
	stripego.DeclineCodeIncorrectNumber:    messageData,
	stripego.DeclineCodeIncorrectCVC:       messageData,
	stripego.DeclineCodeIncorrectPIN:       messageData,
	stripego.DeclineCodeIncorrectZip:       messageData,
	stripego.DeclineCodeInvalidCVC:         messageData,
	stripego.DeclineCodeInvalidExpiryMonth: messageData,
	stripego.DeclineCodeInvalidExpiryYear:  messageData,
	stripego.DeclineCodeInvalidNumber:      messageData,
	stripego.DeclineCodeInvalidPIN:         messageData,
	stripego.DeclineCodeExpiredCard:        messageExpired,
	// Another card.
	stripego.DeclineCodeInsufficientFunds:      messageFunds,
	stripego.DeclineCodeCurrencyNotSupported:   messageCurrency,
	stripego.DeclineCodeDuplicateTransaction:   messageDuplicate,
	stripego.DeclineCodeAuthenticationRequired: messageAuthentic,
}

// hidden are the reasons that nobody is told, on the row or in an answer: the code becomes that of a generic decline.
var hidden = map[stripego.DeclineCode]bool{
	stripego.DeclineCodeLostCard: true, stripego.DeclineCodeStolenCard: true, stripego.DeclineCodeFraudulent: true,
	stripego.DeclineCodePickupCard: true, stripego.DeclineCodeMerchantBlacklist: true, stripego.DeclineCodeRestrictedCard: true,
	stripego.DeclineCodeSecurityViolation: true,
}

// final are the reasons after which the same card must never be tried again.
var final = map[stripego.DeclineCode]bool{
	stripego.DeclineCodeDoNotTryAgain: true, stripego.DeclineCodeRevocationOfAllAuthorizations: true,
	stripego.DeclineCodeRevocationOfAuthorization: true, stripego.DeclineCodeStopPaymentOrder: true,
}

// declineOf returns the reason of an error and what the payer may read of it.
func declineOf(e *stripego.Error) (code, message string) {
	decline := e.DeclineCode
	if decline == "" {
		decline = stripego.DeclineCode(e.Code) // expired_card, incorrect_cvc and the like have no code below them
	}
	switch {
	case e.Code == stripego.ErrorCodePaymentIntentAuthenticationFailure:
		return string(e.Code), messageAuthentic
	case hidden[decline]:
		return string(stripego.DeclineCodeGenericDecline), messageOther
	case final[decline]:
		return string(decline), messageOther
	}
	if message, ok := declineMessages[decline]; ok {
		return string(decline), message
	}
	return string(decline), messageOther
}
