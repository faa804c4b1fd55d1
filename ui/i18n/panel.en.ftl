# The words of the small window, English, beside the shared ones.

why-opened-late = Zoho Desk did not answer for { $lookup } s: opened at { $tab } s

## What helps in a call

context-tickets =
    { $count ->
        [one] { $count } open ticket
       *[other] { $count } open tickets
    }
context-tickets-at-least =
    { $count ->
        [one] at least { $count } open ticket
       *[other] at least { $count } open tickets
    }
context-no-tickets = No open tickets
context-today =
    { $count ->
        [one] { $count } earlier call today
       *[other] { $count } earlier calls today
    }
context-you = you
context-spoke = spoke with { $who }, { $when }
context-last = last: { $what }, { $when }
context-first = No earlier call with this number
context-ticket-open = Open the ticket

## The calls

card-create = Create contact…
card-continue = Continue…
card-add = Add to existing…
card-action = { $action }: { $caller }
title-call = { $phase }: { $caller } – Deskring

## The history

history-title = History
history-all = All
history-missed = Missed
history-missed-count = Missed ({ $count })
history-unknown = Unknown
history-filter = Which calls
history-search = Search the history
history-search-hint = Search
history-none = Calls are kept here: the last 500.
history-none-missed = No missed calls.
history-none-unknown = No calls from unknown numbers.
history-none-found = No call fits “{ $text }”.
history-failed = The history cannot be read: { $cause }
history-details = Details: { $caller }
history-open-contact = Open contact
history-open-account = Open account
history-open-ticket = Open ticket
history-call-back = Call back
history-calling = Your phone rings first…
history-opening = Opening…
history-when = Time
history-path = Via
history-number = Number
history-company = Company
history-did = Dialed
history-extension = Extension
history-length = Duration
history-timing = Timing
dial-box = Call a number
dial-box-hint = Name or number
suggest-kind-extension = Extension
suggest-kind-recent = Recent call
suggest-kind-contact = Contact
suggest-kind-account = Account
suggest-searching = Searching Zoho Desk…
suggest-desk-failed = Zoho Desk did not answer: { $cause }
suggest-hidden = Customers are hidden, as your settings say.
transfer-to = Transfer to
transfer-send = Transfer
transfer-cancel = Cancel
history-note = Note
written-title = In Zoho Desk
written-title-dry = Would be written to Zoho Desk
written-line = { $kind }: { $state }
written-kind-contact = New contact
written-kind-account = New account
written-kind-ticket = Ticket
written-kind-call-activity = Call log entry
written-kind-other = Entry
history-disposition = Result

## Forms begun and not done with

draft-line = Unfinished: { $who }
draft-continue = Continue
draft-discard = Discard
# Pressed once more, it is gone.
draft-discard-sure = Discard it?

## A new contact

form-title = New contact
form-title-account = New account
form-kind = What to create
form-contact = Contact
form-account = Account
form-back = Back
form-back-why = Back to the calls; what you typed is kept
form-first-name = First name
form-last-name = Last name
form-account-name = Account name
form-email = E-mail
form-company = Company
form-company-hint = Search the accounts
form-company-create = Create company “{ $name }”
form-company-new = new
form-company-remove = Remove { $name }
form-company-none = No account begins with this.
form-phone = Phone
form-mobile = Mobile
form-notes = Notes
form-more = More fields
form-required = required
form-choose = Choose…
form-only-in-desk = “{ $label }” can be filled in only in Zoho Desk.
form-documented = Your organization's own fields could not be read; Zoho Desk may ask for more.
form-sent = This was sent once and the answer was lost. Saving looks first whether it is there.
form-save = Save
form-saving = Saving…
form-discard = Discard
form-discard-sure = Discard what you typed?
form-discard-yes = Discard
form-discard-no = Keep
form-saved = { $name } is in Zoho Desk now
form-loading = One moment…
form-unread = The form cannot be shown: { $cause }. What was typed is kept.
form-again = Try again
form-fault-missing = Please fill this in.
form-fault-invalid = Zoho Desk does not accept this.
form-fault-duplicate = Another record has this already.
form-fault-elsewhere = { $label }: { $fault }
form-fault-some =
    { $count ->
        [one] One field needs another look.
       *[other] { $count } fields need another look.
    }
form-failed = Not saved: { $cause }. What you typed is kept.
form-exists =
    { $count ->
        [one] There is somebody like this already:
       *[other] There are records like this already:
    }
form-exists-use = Use this one
form-exists-anyway = Create anyway

## The number for a contact that is there

add-title = Add { $number } to…
add-hint = Name, company, e-mail or number
add-search = Search contacts and accounts
add-searching = Searching…
add-none = Nobody fits “{ $text }”.
add-start = Type at least two letters.
add-failed = The search failed: { $cause }
add-occupied = { $name } has other numbers in both fields. Nothing was changed.
add-use-anyway = Use for this call
add-added = The number was added to { $name }

## After a call

wrap-up-title = How did it go?
wrap-up-more =
    { $count ->
        [one] and { $count } more
       *[other] and { $count } more
    }
wrap-up-note = Note
wrap-up-note-hint = A note about the call
wrap-up-disposition = Result
wrap-up-save = Save
wrap-up-skip = Skip
wrap-up-keys = Enter saves, Esc skips
wrap-up-keys-digits = 1 to { $count } choose, Enter saves, Esc skips
wrap-up-saved = The note is kept

## Choosing

chooser-ticket-open = Open ticket: { $subject }
chooser-ticket = Last ticket: { $subject }
chooser-no-ticket = No tickets
chooser-active = active { $ago }

## What was not written to Desk

unwritten-retry = Retry
unwritten-correct = Correct…
unwritten-send = Save and retry
unwritten-cancel = Cancel
unwritten-discard = Discard
# Pressed once more, it is gone.
unwritten-discard-sure = Discard it?
unwritten-action = { $action }: { $what }
unwritten-retried = It is sent again
unwritten-discarded = It is discarded
unwritten-more =
    { $count ->
        [one] and { $count } more
       *[other] and { $count } more
    }
unwritten-blocked =
    { $count ->
        [one] { $count } more entry waits for these.
       *[other] { $count } more entries wait for these.
    }
