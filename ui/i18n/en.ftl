# The words of Deskring, English. Codes of the engine become keys: `no_match` of a reason is `why-no-match`.
# The other language has the same keys with the same placeholders; a test compares them.

app-name = Deskring

## Calls

phase-ringing = Ringing
phase-dialing = Calling
phase-talking = Talking
phase-held = On hold
phase-over = Ended

direction-inbound = Inbound
direction-outbound = Outbound
direction-internal = Internal
direction-unknown = Call

outcome-answered = Answered
outcome-missed = Missed
outcome-answered-elsewhere = Answered by a colleague
outcome-voicemail = Voicemail
outcome-failed = Failed
outcome-not-seen = Not seen: the link to the PBX was down

caller-withheld = Number withheld
caller-unknown = Unknown number
# Where others may not see who calls.
caller-hidden-inbound = Incoming call
caller-hidden-outbound = Outgoing call
# Between extensions.
caller-extension = Extension { $number }
# Several records have the number.
caller-several = { $count } matches
# The queue, ring group or IVR a call came through.
call-path = via { $path }
call-own-extension = on extension { $extension }

who-not-asked = Not looked up
who-searching = Looking up the contact…
who-known = Found in Zoho Desk
who-several =
    { $count ->
        [one] { $count } contact has this number
       *[other] { $count } contacts have this number
    }
who-nobody = Unknown number: no contact has it
who-withheld = The caller withheld the number
who-failed = The lookup failed: { $cause }

record-contact = Contact
record-account = Account

## What became of a call's tab

why-opened-by-rule =
    { $moment ->
        [answer] Opened when it was answered
        [hangup] Opened when the call ended
       *[ring] Opened when it rang
    }
why-opened-by-agent = Opened with the Helpdesk button
why-undecided = Waiting to open
why-internal = No tab: internal call
why-outbound = No tab: outbound call
why-manual-mode = No tab: pop-ups are manual
why-switched-off = No tab: pop-ups are off
why-paused = No tab: pop-ups were paused
why-desk-disabled = No tab: Zoho Desk is disabled
why-desk-not-set-up = No tab: Zoho Desk is not set up
why-number-withheld = No tab: number withheld
why-number-not-reported = No tab: the PBX did not report the number
why-no-match = No tab: no contact has this number
why-several-matches =
    { $count ->
        [one] No tab: { $count } contact has this number
       *[other] No tab: { $count } contacts have this number
    }
why-lookup-failed = No tab: { $cause }
why-answered-elsewhere =
    { $extension ->
        [none] No tab: answered elsewhere
       *[other] No tab: answered by extension { $extension }
    }
why-not-answered = No tab: the call was not answered
why-ended-before-match = No tab: the call ended before Zoho Desk replied
why-opened-before-restart = Already opened before Deskring was restarted
why-address-refused = No tab: the address is not one of Zoho Desk
why-browser-failed = No tab: the browser did not start
why-link-was-down = No tab: the link to the PBX was down
why-call-not-reported = No tab: the PBX reported the call only when it was over (is its trunk monitored?)

# Several records have the number and the agent said which one it is.
why-chosen =
    { $count ->
        [one] { $count } match, you chose { $name }
       *[other] { $count } matches, you chose { $name }
    }
why-chosen-earlier =
    { $count ->
        [one] { $count } match; you chose { $name } before
       *[other] { $count } matches; you chose { $name } before
    }

## Why the Helpdesk button is disabled

off-internal = internal call
off-number-not-reported = no number yet
off-address-refused = address refused
off-several-matches = several contacts
off-no-match = no contact
off-number-withheld = number withheld
off-desk-not-in-use = Zoho Desk is not in use
off-no-call = no call yet

## Links

link-pbx = PBX
link-desk = Zoho Desk
link-state-not-set-up = Not set up
link-state-disabled = Switched off
link-state-connecting = Connecting…
link-state-up = Connected
link-state-down = Not reachable
link-state-stopped = Needs attention
# Both parts are from here: a name of a link and a state or cause.
link-line = { $link }: { $state }
link-retry =
    { $seconds ->
        [0] Trying again…
        [one] Trying again in { $seconds } second
       *[other] Trying again in { $seconds } seconds
    }

cause-name-not-found = host name not found
cause-refused = connection refused
cause-timed-out = no answer in time
cause-unreachable = no network or no route
cause-unknown-certificate = unknown certificate
cause-changed-certificate = the certificate has changed
cause-tls = no secure connection
cause-credentials = client ID or secret refused
cause-address-blocked = the PBX blocks this address
cause-address-not-allowed = this address is not allowed
cause-too-many-tokens = all API tokens are in use
cause-token-expired = the session has expired
cause-too-old = the PBX firmware is too old
cause-parameter = a parameter was refused
cause-not-found = not found
cause-malformed = unreadable answer
cause-silent = the connection went silent
cause-closed = the connection was closed
cause-handshake = the event connection was refused
cause-signed-out = the sign-in has ended
cause-client-unknown = unknown client ID, or wrong data center
cause-client-secret-wrong = wrong client secret
cause-throttled = too many sign-ins, waiting
cause-missing-scope = a permission is missing
cause-other-organization = wrong organization
cause-forbidden = not permitted for this agent
cause-edition-limit = not in this edition of Zoho Desk
cause-gone = the record is gone
cause-invalid = a value was refused
cause-bad-request = the request was refused
cause-too-many-requests = too many requests at once
cause-credits-exhausted = Zoho's daily limit is reached
cause-server-error = Zoho has a fault
cause-answer-lost = the answer was lost
cause-other = unexpected error
cause-desk-not-ready = Zoho Desk is not connected yet
cause-desk-not-set-up = Zoho Desk is not set up
cause-desk-disabled = Zoho Desk is disabled
cause-not-running = Deskring is not running
cause-pbx-address-missing = the PBX address is missing
cause-pbx-address-wrong = the PBX address is wrong
cause-pbx-certificate-wrong = the trusted certificate is not a fingerprint
cause-pbx-client-id-missing = the PBX client ID is missing
cause-pbx-secret-missing = the PBX client secret is missing
cause-extension-missing = no extension is set
cause-desk-address-wrong = the Zoho Desk address is wrong
cause-desk-client-id-missing = the Zoho client ID is missing
cause-desk-secret-missing = the Zoho client secret is missing
cause-desk-sign-in-missing = sign in to Zoho Desk first
cause-keychain-locked = the keychain is locked
cause-keychain-failed = the keychain cannot be read
cause-consent-needed = there is no keychain to keep the secret in
cause-set-by-environment = the secret is set by an environment variable
cause-secrets-file-not-private = others can read the file of secrets
cause-secrets-file-malformed = the file of secrets is damaged
cause-secrets-file-unusable = the file of secrets cannot be used
cause-invitation-wrong = the link is not a gateway's invitation
cause-invitation-refused = the code is wrong, was used already, or is older than a day
cause-invitation-locked = too many wrong codes came from this network
cause-invitation-no-gateway = no gateway answers there
cause-not-permitted = the gateway does not let apps write contacts; its administrator can allow it
cause-set-by-policy = your administrator has set this
cause-secret-empty = nothing was typed
cause-secret-too-long = this is too long to be a secret
cause-settings-unreadable = the settings file cannot be read
cause-settings-malformed = the settings file cannot be understood
cause-settings-newer = the settings were written by a newer version
cause-settings-not-saved = the settings file cannot be written
cause-sign-in-refused = you did not agree in the browser
cause-sign-in-timed-out = nobody agreed in the browser within five minutes
cause-sign-in-cancelled = signing in was cancelled
cause-port-in-use = another program uses the port for the browser's return
cause-foreign-accounts-server = the browser came back from a server that is not Zoho's
cause-redirect-not-registered = the redirect address is not registered in the Zoho API console
cause-no-refresh-token = Zoho did not give a lasting sign-in; sign in again
cause-code-expired = the browser came back too late; sign in again
cause-scope-unknown = Zoho does not know one of the permissions
cause-address-refused = this address is not opened from here
cause-not-saved = the file could not be written
cause-not-opened = the folder could not be opened
cause-no-ticket = there is no ticket
cause-no-number = there is no number to call
cause-call-unknown = the call is no longer known
cause-pbx-not-connected = the phone system is not connected
cause-browsers-failed = the browser's list of programs could not be changed
cause-links-failed = the system's list of programs could not be changed
cause-no-default-apps-page = no page for default apps is known on this system
cause-default-apps-failed = the page for default apps could not be opened
cause-journal-unusable = the history cannot be used
cause-too-long = the text is too long
cause-browser-failed = the browser did not start
cause-unknown-scheme = this is no link to a phone number
cause-not-a-dial-link = this link calls nobody
cause-not-a-number = this is not a phone number
cause-several-numbers = there is more than one number
cause-feature-code = links must not send codes to the phone system
cause-bad-escape = the link is damaged
cause-password = links with a password are not followed
cause-number-too-long = the number is longer than the phone system takes
cause-too-many-dials = links asked for too many calls; try again in a minute
cause-no-extension = there is no extension to call from
cause-dial-changed = it would be dialed differently now; look at it again
cause-act-not-now = this cannot be done with the call any more
cause-call-failed = the phone system could not make the call
cause-not-allowed = the browser may not hand numbers over: see Click to call in the settings
cause-no-such-entry = there is no such entry
cause-entry-in-flight = it is being sent at this moment; try again in a moment
cause-entry-finished = it is written or discarded already
cause-entry-blocked = it waits for another entry; do something about that one
cause-entry-unreadable = the entry is damaged
cause-field-not-editable = this field cannot be changed here
cause-value-wrong = the value is neither a text nor a number nor true or false
cause-profile-in-use = another Deskring works on this profile and does not answer

## Why a call could not be made

failure-no-dial-permission = Your extension may not call this number. Ask your administrator for the right to call outside.
failure-outbound-restricted = The phone system limits calls to outside, and this one is over the limit. Try again later, or ask your administrator.
failure-congestion = No line was free. Try again in a moment.
failure-do-not-disturb = They do not want to be disturbed now. Try again later.
failure-unreachable = The line cannot be reached. Try again later; if it stays so, tell your administrator.
failure-busy = They are on another call. Try again later.
failure-not-found = Nobody has this number. Check the number.
failure-gone = This number is not in use any more. Look for a newer one.
failure-timed-out = The other side did not react in time. Try again later.
failure-unavailable = Nobody can be reached at this number now. Try again later.
failure-incomplete = Digits are missing. Check the number.
failure-declined = They declined the call.
failure-own-phone = Your own phone did not take the call, so nobody else was called. Check your phone and call again.
failure-own-phone-busy = Your own phone was busy, so nobody else was called. Hang up there and call again.
failure-own-phone-declined = The call was declined at your own phone, so nobody else was called.
failure-own-phone-do-not-disturb = Do not disturb is on at your own phone, so nobody else was called. Switch it off and call again.
failure-own-phone-timed-out = Your own phone was not picked up, so nobody else was called. Pick it up when it rings.
failure-own-phone-unreachable = Your own phone is not connected, so nobody else was called. Check your phone or sign in to it, then call again.
failure-in-words-of-pbx = The phone system says: { $words }

## Click to call

dial-ask = Call { $who }?
dial-number = Dialed: { $shown }
dial-ext = Then ask for extension { $ext }
dial-keys = Then press { $keys }
dial-abroad = It is in another country.
dial-by-link = A link asks for it.
dial-by-page = { $host } asks for it.
dial-by-clipboard = It was copied or selected.
dial-doubt-emergency = This is an emergency number.
dial-doubt-feature-code = This is a code for the phone system, not a number.
dial-doubt-premium = Calls to this number are expensive.
dial-doubt-shared-cost = Calls to this number may cost more than others.
dial-doubt-satellite = Calls to this number go by satellite and are expensive.
dial-doubt-every-call = Your settings ask before each call.
dial-doubt-new-number = This number was never called from here.
dial-doubt-unseen = Please look at the number.
dial-waiting = { $who } is called as soon as the phone system is connected…
dial-dialing = Your phone rings first, then { $who } is called…
dial-failed = Not called: { $cause }
act-decline = Decline
act-hang-up = Hang up
act-hold = Hold
act-resume = Resume
act-transfer = Transfer…
act-mute = Mute
act-unmute = Unmute
dial-yes = Call
dial-no = Do not call
dial-close = Close

## What is wrong with the settings

problem-missing = is missing
problem-not-an-address = is not a web address
problem-not-encrypted = must begin with https
problem-user-info = must not contain a user name
problem-not-digits = must be digits
problem-too-long = is too long
problem-duplicate = is there twice
problem-not-a-country = is not a country code
problem-not-a-fingerprint = is not a SHA-256 fingerprint
problem-not-a-time = must be a time such as 08:30
problem-not-a-prefix = must be digits or +
problem-not-a-shortcut = must be a shortcut such as Ctrl+Alt+D
problem-does-not-fit = does not fit the other settings
problem-wrong-value = has a value that does not exist
problem-locked = is set by this computer's policy
problem-unknown-key = is not a known setting
problem-secret-in-settings = is a secret and does not belong in this file
problem-settings-unreadable = cannot be read
problem-settings-malformed = cannot be understood; the last good settings stay
problem-settings-newer = was written by a newer version
problem-journal-unusable = cannot be used: calls pop up, but are not remembered, and nothing is written to Zoho Desk
problem-journal-newer = was written by a newer Deskring and is left as it is: calls pop up, but are not remembered, and nothing is written to Zoho Desk until Deskring is updated
problem-journal-read-only = cannot be written: calls pop up, but are not remembered, and nothing is written to Zoho Desk. Make the profile folder writable and start Deskring again
problem-journal-full = is not written because the disk is full: make room, and the calls since then are kept after all
problem-journal-busy = is held by another program: the calls since then are kept as soon as it lets go
problem-journal-damaged = is damaged: start Deskring again, and it is set aside and begun anew
problem-journal-was-damaged = was damaged and has been set aside; what was owed to Zoho Desk of the last day is found again
problem-line = { $key } { $problem }

problem-autostart-failed = could not be set on this computer

## The browser's page at the end of signing in

sign-in-title-success = Signed in
sign-in-text-success = Deskring is connected to Zoho Desk. You can close this page.
sign-in-title-refused = Not signed in
sign-in-text-refused = You did not agree, so Deskring is not connected. To try again, sign in from Deskring's settings.
sign-in-title-failed = Not signed in
sign-in-text-failed = Zoho's answer could not be used. Deskring's settings say why, and what to do.
sign-in-title-stray = Nothing to do here
sign-in-text-stray = This page belongs to no sign-in that is under way. You can close it.

## The pop-up rule

popup-automatic =
    { $moment ->
        [answer] Pop-up on answer
        [hangup] Pop-up after the call
       *[ring] Pop-up on ring
    }
popup-manual = Pop-ups are manual
popup-off = Pop-ups are off
popup-paused-until = Pop-ups paused until { $time }
popup-paused = Pop-ups are paused
popup-pause = Pause pop-ups
popup-pause-minutes =
    { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }
popup-pause-hours =
    { $hours ->
        [one] { $hours } hour
       *[other] { $hours } hours
    }
popup-pause-open-ended = Until resumed
popup-resume = Resume pop-ups

## The tray menu

tray-ready =
    { $count ->
        [0] Deskring
       *[other] Deskring · extension { $extensions }
    }
tray-call = { $phase }: { $caller }
tray-calls =
    { $count ->
        [one] { $count } call
       *[other] { $count } calls
    }
tray-open-current = Open in Helpdesk
# Several contacts have the number; the submenu lists them.
tray-choose =
    { $count ->
        [one] { $count } match: choose
       *[other] { $count } matches: who is it?
    }
tray-missed =
    { $count ->
        [one] { $count } missed call
       *[other] { $count } missed calls
    }
tray-create = Create contact…
# A form that was begun.
tray-continue = Continue the new contact: { $who }
tray-tickets =
    { $count ->
        [one] { $count } open ticket: { $subject }
       *[other] { $count } open tickets: { $subject }
    }
tray-ticket = Open last ticket
tray-call-back = Call back
tray-wrap-up = Note about the call with { $caller }…
tray-open-of = Open in Helpdesk: { $caller }
# A disabled item with its reason.
tray-off = { $text } ({ $reason })
tray-recent = Recent calls
tray-recent-none = No recent calls
tray-recent-call = { $time }  { $caller }
tray-dial = Dial…
tray-call-again = Call again
tray-show = Show window
tray-settings = Settings…
tray-check-failed = A check failed: look in the settings
tray-not-written =
    { $count ->
        [one] { $count } entry was not written to Desk…
       *[other] { $count } entries were not written to Desk…
    }
tray-quit = Quit Deskring

## Notifications

notice-title = { $caller } is calling
notice-title-withheld = Incoming call, number withheld
notice-open = Open contact
notice-choose = Choose…
notice-create = Create contact…
notice-failed = This did not work
notice-no-tray-title = Deskring is running
notice-no-tray-body = This desktop shows no tray icons. Start Deskring again to see its window.
notice-stopped-title = Deskring needs you
notice-settings-title = Deskring could not start
notice-settings-body = The settings cannot be used. { $detail }

## The window

panel-now = Now
panel-no-call-title = No call
panel-no-call =
    { $count ->
        [0] Incoming calls appear here.
       *[other] Calls to extension { $extensions } appear here.
    }
panel-open = Open in Helpdesk
panel-open-off = Open in Helpdesk: { $reason }
panel-open-call = Open in Helpdesk: the contact of { $caller }
panel-recent = Recent calls
panel-recent-empty = Calls of the last 30 days are listed here.
panel-missed = { $count } missed
panel-seen-missed = Mark as seen
panel-seen-missed-done = The missed calls are marked as seen
panel-links = Connections
panel-settings = Settings
panel-problems =
    { $count ->
        [one] { $count } setting needs attention
       *[other] { $count } settings need attention
    }
panel-details = Details
panel-waiting-title = Connecting to Deskring…
panel-gone-title = Deskring is not running
panel-gone = The calls come back here as soon as it runs again.
panel-other-version-title = Deskring was updated
panel-other-version = Quit it in the tray menu and start it again.
panel-failed = This did not work: { $cause }
panel-today = Today
panel-yesterday = Yesterday
panel-duration = { $minutes } min { $seconds } s
panel-call-news = { $phase }: { $caller }
panel-version = Version { $version }

## Several contacts or accounts have the number: the agent chooses

chooser-heading =
    { $count ->
        [one] { $count } match: is it this one?
       *[other] { $count } matches: who is it?
    }
# Beside the digits that stand on the list.
chooser-keys = Press 1 to { $count }, or ↑ ↓ and Enter
chooser-filter = Type a name or company
chooser-count = { $count } of { $all }
chooser-none-found = No match has this name or company.
chooser-nameless = No name
# Beside the chosen one, until its page opens.
chooser-opening = Opening…
chooser-chosen = Opening { $name }…
# On the button of a past call.
chooser-show =
    { $count ->
        [one] { $count } match: choose
       *[other] { $count } matches: choose
    }
chooser-show-call = Choose whose call it was: { $caller }
chooser-forget = Forget
chooser-forget-choice = Forget this choice
chooser-forget-why = The next call of this number shows all matches again
chooser-forget-call = { $action }: { $name }, { $number }
chooser-forgotten = Forgotten: the next call asks again

## How long things took, counted from the PBX's event

timing-notice = notification { $ms } ms
timing-lookup = lookup { $ms } ms
timing-tab = tab { $ms } ms

## What was not written to Desk

# What it is; { $who } is a name or a number.
outbox-what-contact = New contact for { $who }
outbox-what-account = New account for { $who }
outbox-what-ticket = Ticket for { $who }
outbox-what-call-activity = Call log entry for { $who }
outbox-what-other = Entry for { $who }

outbox-by-gateway = Your gateway writes to Zoho Desk: new contacts, tickets, call log entries and contact sync. Deskring here writes only what you create yourself.
outbox-dry-run = Dry run: nothing is written to Zoho Desk. Each call in the history shows what would be.
outbox-state-pending = waiting to be sent
outbox-state-claimed = being sent
outbox-state-unknown = perhaps sent, looking for it
outbox-state-sent = written
outbox-state-wedged = not written
outbox-state-blocked = waiting for another entry
outbox-state-discarded = discarded
outbox-state-dry = dry run, not written

# Why it was not written. What is not here has the words of a cause.
outbox-why-invalid = Zoho Desk does not accept these fields
outbox-why-no-department = No department is chosen
outbox-why-several-matches = Several contacts have this number
outbox-why-forbidden = The agent who signed in may not write this
outbox-why-missing-scope = The sign-in does not cover writing this
outbox-why-signed-in-elsewhere = It was meant for another organization
outbox-why-unsure = It may be in Zoho Desk already
outbox-why-unreadable = The entry is damaged
outbox-why-unknown-kind = This version of Deskring cannot write such an entry
outbox-why-bad-call-id = The call has an ID that cannot be used
outbox-why-pbx-not-known = The phone system has not said yet which one it is
outbox-why-not-in-edition = This edition of Zoho Desk has no call activities
outbox-why-no-scope = The sign-in does not cover call activities
outbox-why-not-permitted = The agent who signed in may not write call activities
outbox-why-by-hand = Discarded by hand
outbox-why-parent-discarded = The entry it needs was discarded
outbox-why-interrupted = Deskring ended while sending it
outbox-why-contact-gone = The contact was deleted
outbox-why-no-contact = There is no contact to write it for
outbox-why-code = Zoho Desk refused it ({ $code })

# What to do about it.
outbox-do-invalid = Correct the fields and send it again.
outbox-do-no-department = Choose the department in the settings, then retry.
outbox-do-several-matches = Choose whose call it is, then retry; or write it in Zoho Desk yourself and discard it.
outbox-do-forbidden = Have the agent's permissions in Zoho Desk changed, then retry.
outbox-do-missing-scope = Sign in to Zoho Desk again and agree to everything, then retry.
outbox-do-signed-in-elsewhere = Discard it, or sign in to the organization it was for and retry.
outbox-do-edition-limit = This edition of Zoho Desk cannot have it: discard it.
outbox-do-gone = What it belongs to was deleted in Zoho Desk: discard it.
outbox-do-unsure = Look in Zoho Desk. If it is there, discard it; if not, retry.
outbox-do-unreadable = Write it in Zoho Desk yourself and discard it.
outbox-do-other = Retry. If it is refused again, write it in Zoho Desk yourself and discard it.

outbox-field-missing = { $label } must be filled in
outbox-field-invalid = { $label } is not accepted
outbox-field-duplicate = { $label } is taken by another record
outbox-field-other = { $label } is refused
# A reason and the fields it is about.
outbox-why-fields = { $why }: { $fields }
outbox-not-written =
    { $count ->
        [one] { $count } entry was not written to Zoho Desk
       *[other] { $count } entries were not written to Zoho Desk
    }

## The command line

cli-secret-prompt = Secret (nothing is shown):
cli-secret-kept =
    { $place ->
        [file] The secret is kept in a file that only you can read.
        [environment] The secret is set by an environment variable.
       *[keychain] The secret is kept in the keychain.
    }
cli-sign-in-open = Open this address in a browser on this computer and agree within five minutes. From another computer, forward the port first: ssh -L { $port }:localhost:{ $port }
cli-desk-signed-in = Signed in; Deskring is not running
cli-disconnect-question = This gives the sign-in back and clears all settings of Zoho Desk: bindings, pop-up, new contacts, tickets, call log and contact sync. Contacts that were copied to the PBX stay there. Continue? [y/N]
# What counts as a yes, with blanks between.
cli-yes = y yes
cli-disconnected = Zoho Desk is disconnected.
cli-nothing-done = nothing was changed
cli-bound =
    { $count ->
        [0] Nothing new was bound
       *[other] Bound: { $count }
    }
cli-ambiguous = { $who }: fits more than one; bind it by hand
cli-bind-wrong = { $pair }: is not EXT=AGENT with an agent of Zoho Desk
cli-change-wrong = { $change }: is not KEY=VALUE
cli-settings-good = The settings are good.
cli-connected = Connected as extension { $extension }.
cli-connect-certificate = Nobody known vouches for the certificate of this gateway. Compare its SHA-256 with your administrator's; if it is the same, run this again with --trust { $sha256 }
cli-saved = Saved.
cli-dial-yes-or-no = { $question } Yes or no?
# What means yes, in small letters.
cli-dial-yes-words = y yes
cli-dial-not-a-terminal = Nobody can be asked here: run it again with --yes
cli-outbox-none = Nothing here.
cli-outbox-row = { $key }: { $what } ({ $state })
cli-outbox-waits = Waits for { $key }
cli-outbox-written = In Zoho Desk: { $record }
cli-outbox-attempts =
    { $count ->
        [one] Tried { $count } time
       *[other] Tried { $count } times
    }
cli-outbox-retried =
    { $count ->
        [0] Nothing is waiting for you.
        [one] { $count } entry is sent again.
       *[other] { $count } entries are sent again.
    }
cli-outbox-edited = Changed. To send it: deskring-cli outbox retry { $key }
cli-outbox-discarded =
    { $count ->
        [one] { $count } entry is discarded, with those that need it.
       *[other] { $count } entries are discarded, with those that need them.
    }
cli-outbox-waits-for-run = It is sent when Deskring runs.

## The people known on this computer

index-off = Contacts on this computer: none
index-building = { $total ->
    [0] Contacts on this computer: { $people } so far, more are being read ({ $spent } of { $budget } API credits today)
   *[other] Contacts on this computer: { $people } of { $total }, more are being read ({ $spent } of { $budget } API credits today)
  }
index-fresh = Contacts on this computer: { $people }, up to date ({ $spent } of { $budget } API credits today)
index-paused = Contacts on this computer: { $people }; reading pauses ({ $spent } of { $budget } API credits today)
cause-index-budget = the API credits for today are used; it goes on tomorrow
cause-few-credits = few API credits are left in Zoho Desk today; the rest is for calls
cause-index-not-opened = the file cannot be opened
cause-index-not-written = the file cannot be written
cause-no-index = there are no contacts on this computer to read anew; switch them on first
cause-off = switched off in the settings

## Contact sync

sync-off = Contact sync: switched off
sync-idle = Contact sync: up to date with the calls, to phonebook “{ $phonebook }”
sync-copying = Contact sync: copying a contact of a call to phonebook “{ $phonebook }”
sync-running = Contact sync: copying all to phonebook “{ $phonebook }”
sync-waiting = Contact sync waits
sync-refused = Contact sync is not possible
sync-step-looking = Looking at what is in the phonebook
sync-step-copying = Copying
sync-step-tidying = Checking that each is there once
sync-round-running = Sync now: under way
sync-round-stopped = Sync now: stopped; it goes on from here when you start it again
sync-round-done = Sync now: done
sync-counts = { $copied } written, { $same } unchanged, { $skipped } not synced, { $failed } refused by the PBX
sync-total = { $done } of { $total }
sync-speed = { $count } a minute
sync-queue = { $count ->
        [one] { $count } contact of a call waits
       *[other] { $count } contacts of calls wait
    }
sync-credits = { $count } API credits left in Zoho Desk today
not-synced-no-name = first or last name is missing in Zoho Desk
not-synced-no-number = a phone number is missing in Zoho Desk
not-synced-taken = its entry on the PBX no longer has Deskring’s remark, so it is left alone
not-synced-refused = the PBX refused it
cause-no-phonebooks = the PBX has no phonebooks for programs: the plan or the firmware is missing this feature
cause-holds-everybody = this phonebook holds all company contacts; choose an empty one
cause-not-empty = this phonebook has contacts that Deskring did not put there; choose an empty one
cause-full = the PBX has no room for more company contacts
cause-takes-nobody = the PBX does not let this phonebook be changed, as when another system fills it; choose an empty one
cause-not-created = the PBX did not create the phonebook; create it on the PBX and choose it here
cause-dry-run = a dry run is on, and nothing is copied to the PBX either
cause-not-connected = there is no connection
cause-not-kept = progress cannot be written to this computer’s disk
cause-sync-off = contact sync is switched off, or no phonebook is chosen
cli-sync-started = Sync now has begun. Its progress: deskring-cli sync status
cli-sync-stopped = Sync now is stopped.
cli-sync-none-left-out = Nobody is left out.
