# The words of the settings window, English. The key of a setting becomes the key of its words: those of `popup.mode`
# are `settings-popup-mode`, its explanation is `settings-popup-mode-help`, its values are `settings-popup-mode-…`.

settings-title = Settings

## Sections

settings-nav-phone-system = Phone system
settings-nav-zoho-desk = Zoho Desk
settings-nav-agents = Agents and extensions
settings-nav-pop-up = Call pop-up
settings-nav-new-contacts = New contacts
settings-nav-tickets = Tickets
settings-nav-call-log = Call log
settings-nav-contact-sync = Contact sync
settings-nav-click-to-call = Click to call
settings-nav-notifications = Notifications and privacy
settings-nav-general = General
settings-nav-doctor = Check everything
settings-nav-setup = Guided set-up

## Everywhere

settings-save = Save
settings-saving = Saving…
settings-saved = Saved
# For those who listen.
settings-saved-of = Saved: { $field }
settings-unsaved = Not saved yet
settings-undo = Undo
settings-cancel = Cancel
settings-copy = Copy
settings-copied = Copied
settings-copy-failed = Not copied
settings-refresh = Refresh
settings-again = Try again
settings-back = Back
settings-choose = Choose…
settings-loading = Loading…
settings-open-page = Open
settings-locked = Set by your administrator in { $file }
settings-not-done = This did not work: { $cause }.
settings-not-loaded = The settings could not be loaded
settings-gone = Nothing can be changed until it runs again. What you typed stays here.
settings-status = Status
settings-department-needed = Choose a department on the page Zoho Desk. Without one, nothing is written.

## Phone system

settings-invitation-title = Connect to { $gateway }?
settings-invitation = Somebody opened a link to this gateway. Your calls would come from there. Connect only if your administrator gave you the link and this is the company's gateway.
settings-invitation-instead = It would take the place of { $address }.
settings-invitation-wrong-title = This invitation cannot be used
settings-invitation-connect = Connect
settings-invitation-connecting = Connecting…
settings-invitation-later = Not now
settings-invitation-done = Connected as extension { $extension }
settings-pbx-where = In the PBX: Integrations > API. Switch API on there and copy the client ID and the client secret.
settings-pbx-url = Address of the PBX
settings-pbx-url-help = As in the browser when you open the PBX, with its port.
settings-pbx-url-hint = https://pbx.example.com:8088
settings-pbx-client-id = Client ID
settings-pbx-client-secret = Client secret
settings-pbx-extensions = My extensions
settings-pbx-extensions-help = Whose calls Deskring watches. Usually one; separate several with commas.
settings-pbx-extensions-hint = 1001
settings-certificate = Certificate
settings-pbx-trusted-certificate = Trusted certificate (SHA-256)
settings-pbx-trusted-certificate-help = Only for a PBX with a self-signed certificate. Press Test: the certificate is shown, and you can trust it.
settings-gateways = More than one gateway
settings-pbx-more-addresses = Other addresses
settings-pbx-more-addresses-help = Of gateways that stand in for each other, one a line. Deskring stays with one that answers and changes to another when it does not.
settings-pbx-more-addresses-hint = https://gateway2.example.com:8443
settings-site-serves = serves this app
settings-site-answers = answers
settings-numbers = Phone numbers
settings-numbers-help = How the PBX shows numbers. With this Deskring finds the same contact in every notation.
settings-numbers-country = Country
settings-numbers-area-code = Area code
settings-numbers-area-code-help = For local numbers without one. Without the leading 0.
settings-numbers-outside-line-prefix = Outside line
settings-numbers-outside-line-prefix-help = Digits dialed before an outside number, if any.
settings-try-number = Try a number
settings-try-number-help = As you would type it, or as the PBX shows it.
settings-try-dialed = Would be dialed
settings-try-read = Is read as
settings-try-forms = Searched in Zoho Desk as
settings-try-internal = A number of the PBX itself.
settings-try-mobile = A mobile phone.
settings-try-as-written = The rules do not know this number; it is dialed as it is written.

settings-secret-in-keychain = Kept in the keychain
settings-secret-in-file = Kept in a file that only you can read
settings-secret-in-environment = Set by an environment variable
settings-secret-none = Not kept yet.
settings-secret-replace = Type a new one to replace it.
settings-secret-fixed = It cannot be changed here.
settings-secret-unknown = Whether one is kept is not known: { $cause }.
settings-consent-title = This computer has no keychain that is open.
settings-consent = The secret can be kept in a file instead. Only your user account can read it, but it is not encrypted: programs that you start, and backups, can read it too.
settings-consent-yes = Keep it in a file
settings-consent-no = Do not keep it

settings-test = Test
settings-testing = Testing…
settings-test-passed = The PBX answers
settings-test-failed = The test failed
settings-test-took = In { $ms } ms
settings-test-model = Model
settings-test-firmware = Firmware
settings-test-extension = Extension
settings-test-missing =
    { $count ->
        [one] The PBX does not know extension { $extensions }.
       *[other] The PBX does not know these extensions: { $extensions }.
    }
settings-test-extension-monitor = Extension monitoring
settings-test-trunk-monitor = Trunk monitoring
settings-monitor-on = On
settings-monitor-off = Off
settings-monitor-unknown = The PBX does not say
settings-monitor-fix = Without monitoring the PBX does not tell of calls. Switch it on in the PBX: Integrations > API > Advanced, for your extension and all trunks.

settings-certificate-trust = Trust this certificate…
settings-certificate-trust-title = Trust this certificate?
settings-certificate-trust-ask = Nobody vouches for this certificate. Trust it only if the SHA-256 is the one that your administrator gives you, or that the PBX shows under Security > Security Settings > Certificate. Otherwise somebody may be reading along.
settings-certificate-trust-yes = Trust it
settings-certificate-replace = Trust the new certificate…
settings-certificate-replace-title = Trust the new certificate?
settings-certificate-replace-ask = The PBX shows another certificate than the one you trusted. That is normal only right after the certificate was renewed. If nobody renewed it, somebody may be between you and the PBX: do not go on, ask your administrator.
settings-certificate-compared = I have compared the new SHA-256 with that of my administrator, and it is the same.
settings-certificate-subject = Issued to
settings-certificate-issuer = Issued by
settings-certificate-validity = Valid
settings-certificate-reason = Why it is not trusted
settings-certificate-unknown-issuer = Nobody known has signed it
settings-certificate-wrong-name = It is for another name
settings-certificate-expired = It has expired
settings-certificate-not-yet-valid = It is not valid yet
settings-certificate-other = The system does not vouch for it
settings-certificate-sha256 = SHA-256
settings-certificate-expected = Trusted until now
settings-certificate-shown = Shown now

## What to do about a cause

settings-fix-name-not-found = Check the spelling of the address. If it is right, this computer's network does not know the name: are you on the company's network or VPN?
settings-fix-refused = Nothing listens there. Check the port; the PBX's web port is 8088 unless it was changed.
settings-fix-timed-out = Check the address and the port, and whether a firewall or a missing VPN is in the way.
settings-fix-unreachable = Check this computer's network connection.
settings-fix-unknown-certificate = Nobody known vouches for this PBX. Compare its SHA-256 before you trust it.
settings-fix-changed-certificate = This is not the certificate you trusted. Do not go on unless your administrator has renewed it.
settings-fix-tls = Something other than the PBX's HTTPS port may answer there. Check the port, and that the address begins with https.
settings-fix-credentials =
    { $tries ->
        [-1] Copy the client ID and the client secret again from the PBX: Integrations > API.
        [0] Copy the client ID and the client secret again from the PBX: Integrations > API. The PBX locks this computer out now; it opens again after some minutes.
        [one] Copy the client ID and the client secret again from the PBX: Integrations > API. { $tries } more try, then the PBX locks this computer out.
       *[other] Copy the client ID and the client secret again from the PBX: Integrations > API. { $tries } more tries, then the PBX locks this computer out.
    }
settings-fix-address-blocked = After wrong tries the PBX has locked this computer out (70004). Wait 10 minutes, or let an administrator remove it from the PBX: Security > Blocked IPs.
settings-fix-address-not-allowed = The PBX lets only certain computers in (70087). Add this one in the PBX: Integrations > API > IP restriction.
settings-fix-too-many-tokens = The PBX gives eight sign-ins at most, and all are taken (60002). Close other programs that use its API, or wait half an hour.
settings-fix-too-old = Update the PBX: 83.21.0.66 or later for the software edition, 37.7.0.16 or later for appliances.
settings-fix-malformed = Something other than the PBX answers there. Check the address and the port.
settings-fix-not-found = API is switched off in the PBX, or the address leads elsewhere. Check Integrations > API.
settings-fix-forbidden = The account has no right to do this. Ask an administrator of Zoho Desk.
settings-fix-handshake = Switch on the event socket in the PBX: Integrations > API.
settings-fix-pbx-address-missing = Fill in the address and save.
settings-fix-pbx-client-id-missing = Fill in the client ID and save.
settings-fix-pbx-secret-missing = Fill in the client secret and save.
settings-fix-extension-missing = Fill in your extension and save.
settings-fix-invitation-wrong = Ask your administrator for the link again, and copy all of it.
settings-fix-invitation-refused = Ask your administrator for a new link: deskring-gateway agent invite.
settings-fix-invitation-locked = Wait some minutes, then open the link again.
settings-fix-invitation-no-gateway = Check with your administrator that the link leads to the gateway and that the gateway is up to date.
settings-fix-keychain-locked = Unlock the keychain of this computer.
settings-fix-keychain-failed = Start the keychain service of this desktop, then try again.
settings-fix-signed-out = Sign in again.
settings-fix-desk-sign-in-missing = Sign in once.
settings-fix-desk-client-id-missing = Register Deskring with Zoho and fill in the client ID.
settings-fix-desk-secret-missing = Fill in the client secret.
settings-fix-client-unknown = Check the client ID, and that the data center is the one where it was registered.
settings-fix-client-secret-wrong = Copy the client secret again from Zoho's API console.
settings-fix-redirect-not-registered = Add the redirect address exactly as it is shown here to the client in Zoho's API console.
settings-fix-sign-in-refused = Sign in again and press Accept in the browser.
settings-fix-sign-in-timed-out = Sign in again. The page in the browser waits for five minutes.
settings-fix-port-in-use = Close the other program, or another Deskring of this computer, and sign in again.
settings-fix-foreign-accounts-server = Check the data center. If it is right, do not go on and ask your administrator.
settings-fix-no-refresh-token = Remove Deskring from the connected apps of your Zoho account and sign in again.
settings-fix-missing-scope = Sign in again with an account that is an administrator of Zoho Desk, and accept all permissions.
settings-fix-throttled = Zoho wants a pause. Wait ten minutes before you sign in again.
settings-fix-credits-exhausted = It goes on by itself when Zoho's day is over.
settings-fix-way-to-zoho = Check this computer's network and proxy: Zoho must be reachable.
settings-fix-other-organization = Choose the organization again below.

## Zoho Desk

settings-status-connected = Connected
settings-status-disabled = Disabled
settings-status-sign-in-needed = Sign-in needed
settings-status-not-connected = Not connected
settings-status-unknown = Not known
settings-desk-enabled = Use Zoho Desk
settings-desk-enabled-help = Switched off, all settings stay, and nothing is asked of Zoho Desk.
settings-desk-writing = Trying it out
settings-desk-dry-run = Dry run
settings-desk-dry-run-help = New contacts, tickets and call log entries are not written to Zoho Desk; each call in the history shows what would have been. What you create yourself is written.
settings-desk-register = Connection
settings-desk-data-center = Data center
settings-desk-data-center-help = Where your Zoho account was registered.
settings-desk-data-center-us = United States (zoho.com)
settings-desk-data-center-eu = Europe (zoho.eu)
settings-desk-data-center-in = India (zoho.in)
settings-desk-data-center-au = Australia (zoho.com.au)
settings-desk-data-center-jp = Japan (zoho.jp)
settings-desk-data-center-cn = China (zoho.com.cn)
settings-desk-data-center-ca = Canada (zohocloud.ca)
settings-desk-data-center-sa = Saudi Arabia (zoho.sa)
settings-desk-data-center-sg = Singapore (zoho.sg)
settings-desk-data-center-ae = United Arab Emirates (zoho.ae)
settings-desk-data-center-custom = Other addresses
settings-desk-accounts-url = Account service address
settings-desk-accounts-url-hint = https://accounts.zoho.com
settings-desk-desk-url = Zoho Desk address
settings-desk-desk-url-hint = https://desk.zoho.com
settings-desk-client-type = Client type
settings-desk-client-type-server = Server-based Applications
settings-desk-client-type-server-help = As in the PBX maker's manual.
settings-desk-client-type-desktop = Mobile-based Applications
settings-desk-client-type-desktop-help = Also for desktop apps: signing in is protected with PKCE as well.
settings-desk-how = How to register Deskring with Zoho
settings-desk-console = Zoho API console
settings-desk-step-console = Open Zoho's API console with an administrator's account and press GET STARTED or ADD CLIENT.
settings-desk-step-type = Choose the client type
settings-desk-step-addresses = Name it as you like, with no special characters but _ and &, and paste these addresses:
settings-desk-step-client = Press CREATE and copy the client ID and the client secret to here:
settings-home-page = Homepage URL
settings-redirect = Authorized Redirect URI
settings-desk-client-id = Client ID
settings-desk-client-secret = Client secret
settings-sign-in = Sign in
settings-save-and-sign-in = Save and sign in
settings-sign-in-waiting = Accept in the browser. This page goes on by itself.
settings-time-left = { $time } left
settings-open-again = Open again
settings-other-scopes = The browser says "invalid scope"?
settings-other-scopes-do = Ask by the other names
settings-desk-redirect-port = Port for the browser's return
settings-desk-redirect-port-help = Only when another program uses 53682. It is part of both addresses above: save, then register them anew.
settings-signed-in = Signed in
settings-signed-in-next = Choose the organization and the department now.
settings-desk-account = Account
settings-me = Signed in as
settings-desk-organization-id = Organization
settings-desk-department-id = Department
settings-desk-department-id-help = Of the tickets and calls that Deskring writes.
settings-disconnect = Disconnect…
settings-disconnect-title = Disconnect Zoho Desk
settings-disconnect-help = For good, for example to use another account. To pause, switch Zoho Desk off instead.
settings-disconnect-yes = Disconnect
settings-disconnect-goes = This is given back or cleared:
settings-disconnect-goes-sign-in = the sign-in; Zoho no longer accepts it from this computer
settings-disconnect-goes-client = the client ID and the client secret
settings-disconnect-goes-settings = all settings of the integration: organization, department, bindings, pop-up, new contacts, tickets, call log, contact sync
settings-disconnect-stays = This stays:
settings-disconnect-stays-phonebook = the synced phonebook and its contacts in the PBX; they can be edited there from then on
settings-disconnect-stays-desk = tickets, calls and contacts in Zoho Desk
settings-disconnect-stays-pbx = the settings of the phone system and the list of calls
settings-disconnected = Zoho Desk is disconnected.

## Agents and extensions

settings-me-title = Who am I
settings-me-unknown = Zoho Desk and the PBX have not been asked yet.
settings-me-not-signed-in = Sign in to Zoho Desk first, then Deskring proposes your extension. You can also choose it yourself.
settings-me-is = You are signed in to Zoho Desk as { $name } ({ $email }).
settings-me-extension = My extension
settings-me-proposed = Extension { $extension } is probably yours.
settings-me-watched =
    { $count ->
        [0] No extension is watched yet.
        [one] Extension { $extensions } is watched now.
       *[other] These extensions are watched now: { $extensions }.
    }
settings-me-use = Use it
settings-me-mine = In use
settings-no-extensions = The PBX's extensions could not be loaded: { $cause }.
settings-no-agents = Zoho Desk's agents could not be loaded: { $cause }.
settings-agents-table = Bindings
settings-agents-help = A call and its tickets are written under the agent whose extension took it.
settings-bind-email = Bind by e-mail
settings-bind-extn = Bind by Desk extension
settings-bound =
    { $count ->
        [0] Nothing new was bound.
        [one] { $count } agent was bound.
       *[other] { $count } agents were bound.
    }
settings-ambiguous =
    { $count ->
        [one] Fits more than one and was left alone: { $names }. Choose by hand.
       *[other] { $count } fit more than one and were left alone: { $names }. Choose by hand.
    }
settings-unbound =
    { $count ->
        [one] { $count } agent has no extension: { $names }
       *[other] { $count } agents have no extension: { $names }
    }
settings-agents-filter = Find an agent or extension
settings-agents-agent = Agent
settings-agents-email = E-mail
settings-agents-extn = Extension in Desk
settings-agents-extension = PBX extension
settings-agents-extension-of = PBX extension of { $agent }
settings-agents-none = None
settings-agents-taken = { $extension } (bound to { $agent })
settings-agents-gone = Agent { $id } is not active in Zoho Desk
settings-agents-empty = Zoho Desk has no active agents.
settings-agents-not-loaded = Press Refresh to load the agents of Zoho Desk and the extensions of the PBX.
settings-agents-count =
    { $shown ->
        [0] Nobody found among { $count } agents.
       *[other] { $shown } of { $count } shown, { $bound } bound.
    }

## Call pop-up

settings-popup-mode = Pop-up mode
settings-popup-mode-automatic = Automatic (inbound calls only)
settings-popup-mode-automatic-help = The contact's page opens in the browser by itself.
settings-popup-mode-manual = Manual
settings-popup-mode-manual-help = You open the page during a call, with the Helpdesk button.
settings-popup-mode-off = Off
settings-popup-mode-off-help = Calls are shown, but no page opens by itself.
settings-popup-trigger = Event
settings-popup-trigger-ring = Ring
settings-popup-trigger-ring-help = When a contact calls.
settings-popup-trigger-answer = Answer
settings-popup-trigger-answer-help = When you answer a contact.
settings-popup-trigger-hangup = Call end
settings-popup-trigger-hangup-help = When your call with a contact has ended.

## New contacts

settings-new-contacts-on = Create new contacts
settings-new-contacts-on-help = A number that neither a contact nor an account has becomes one. Created ones are called Automatic New Contact or Automatic New Account, followed by the number.
settings-new-contacts-kind = Kind of contact to create
settings-new-contacts-kind-contact = Contact
settings-new-contacts-kind-account = Account
settings-new-contacts-mode = How to create
settings-new-contacts-mode-automatic = Automatic
settings-new-contacts-mode-automatic-help = With each call of the kinds below.
settings-new-contacts-mode-manual = Manual
settings-new-contacts-mode-manual-help = You create it during the call.
settings-new-contacts-call-types = Calls to create contacts for
settings-new-contacts-call-types-inbound = Inbound
settings-new-contacts-call-types-inbound-help = An unknown number calls.
settings-new-contacts-call-types-outbound = Outbound
settings-new-contacts-call-types-outbound-help = You call an unknown number.

## Tickets

settings-tickets-enabled = Create tickets automatically
settings-tickets-enabled-help = For contacts only, not for accounts: a rule of Zoho Desk. With new contacts switched on, unknown numbers get tickets too.
settings-tickets-when = When to create the ticket
settings-tickets-when-before-call = Before the call
settings-tickets-when-before-call-help = The pop-up may not show the new ticket at once. Refresh the page after a while.
settings-tickets-when-after-call = After the call
settings-tickets-when-after-call-help = When the call with the contact has ended.
settings-tickets-call-types = Calls to create tickets for
settings-tickets-call-types-inbound = Inbound
settings-tickets-call-types-outbound = Outbound
settings-tickets-call-types-inbound-answered = Inbound answered
settings-tickets-call-types-inbound-missed = Inbound missed
settings-tickets-call-types-outbound-answered = Outbound answered
settings-tickets-call-types-outbound-missed = Outbound not answered
settings-tickets-texts = What the ticket says
settings-tickets-subject = Subject
settings-tickets-description = Description

## Templates

settings-variables = Insert a variable
settings-variable-time = When the call began
settings-variable-call-log-status = How the call came out
settings-variable-call-from = Who called: name and number
settings-variable-call-to = Who was called: name and number
settings-variable-talk-duration = How long it was talked
settings-variable-communication-type = Inbound, outbound or internal
settings-variable-call-status = Answered or not
settings-variable-call-from-number = The caller's number
settings-variable-call-from-name = The caller's name
settings-variable-call-to-number = The called number
settings-variable-call-to-name = The name of who was called
settings-variable-ring-duration = How long it rang
settings-variable-call-duration = From beginning to end
settings-variable-did = What the caller dialed: its name, or the number
settings-variable-did-number = The number that was dialed
settings-variable-did-name = The name of the dialed number
settings-variable-trunk = The line to the outside
settings-variable-queue = The queue or ring group
settings-variable-extension = The agent's extension
settings-variable-agent = The agent's name
settings-variable-recording = The recording
settings-variable-note = The agent's note
settings-variable-disposition = The result that the agent chose
settings-variable-call-id = The phone system's id of the call
settings-variable-starttimeunix = The beginning in seconds since 1970, for functions
settings-preview-last-call = Preview with the last call
settings-preview-example = Preview: example
settings-preview-empty = Nothing is written.
settings-flaw-at = Line { $line }, column { $column }: { $flaw }.
settings-flaw-with-suggestion = Line { $line }, column { $column }: { $flaw }. Did you mean { $suggestion }?
settings-flaw-more = { $count ->
    [one] One more mistake.
   *[other] { $count } more mistakes.
}
settings-flaw-harmless = The text is saved all the same: unknown variables leave nothing, the rest stays as it is written.
# What is wrong; parts of sentences.
settings-flaw-unclosed = two closing braces are missing
settings-flaw-empty = nothing stands between the braces
settings-flaw-unknown-variable = there is no variable { $written }
settings-flaw-unknown-function = there is no function { $written }
settings-flaw-open-quote = a closing quotation mark is missing
settings-flaw-unexpected = { $written } has no meaning here
settings-flaw-unsupported = { $written } is not supported
settings-flaw-arguments = { $written } has too few or too many values
settings-flaw-no-condition = a condition is missing
settings-flaw-no-end = “end” is missing
settings-flaw-stray-else = “else” stands without “if”
settings-flaw-stray-end = “end” stands without “if”
settings-flaw-too-deep = too much stands inside each other

## Call log

settings-call-log-enabled = Sync calls to Zoho Desk
settings-call-log-enabled-help = Needs Zoho Desk Standard, Professional or Enterprise; the free edition has no call activities.
settings-call-log-skip-missed-if-answered-elsewhere = No missed calls for agents who did not answer
settings-call-log-skip-missed-if-answered-elsewhere-help = Of a call to a queue or ring group, only the agent who answered gets an entry.
settings-call-log-texts = What the entry says
settings-call-log-subject = Subject
settings-call-log-description = Description
settings-call-log-after = After the call
settings-call-log-wrap-up = Ask for a note and a result
settings-call-log-wrap-up-help = When a call has ended, you can say what came of it before it is written.
settings-call-log-dispositions = Results to choose from
settings-call-log-dispositions-help = One in each line.

## Contact sync

settings-contact-sync-enabled = Sync contacts automatically
settings-contact-sync-enabled-help = One way: a contact found during a call is copied to the PBX. It needs a first or last name and a phone number. In the PBX it can be read, not edited.
settings-contact-sync-module = Module to sync
settings-contact-sync-module-contacts = Contacts
settings-contact-sync-module-accounts = Accounts
settings-contact-sync-phonebook = Sync to phonebook
settings-contact-sync-phonebook-help = Name of a company phonebook of the PBX. It must be empty; one that does not exist is created.
settings-sync = Sync now
settings-sync-help = Contacts of calls are copied by themselves. Here all of Zoho Desk is copied; it can be stopped and goes on where it was, and calls come first.
settings-sync-now = Sync now
settings-sync-stop = Stop
settings-sync-left-out = Not synced
settings-sync-more = There are more: deskring-cli sync status --left-out
settings-sync-phonebook-count = { $name } ({ $count })
settings-contact-sync-always-query = Always query Helpdesk
settings-contact-sync-always-query-help = Otherwise Zoho Desk is asked only when no contact on this computer has the number. A question costs 6 to 18 API credits of Zoho; a contact on this computer costs none.
settings-contact-sync-index = Contacts on this computer
settings-contact-sync-index-encrypted = Keep them, encrypted
settings-contact-sync-index-encrypted-help = A caller has a name at once, also when Zoho Desk is out of reach.
settings-contact-sync-index-off = Do not keep them
settings-contact-sync-index-off-help = The file is deleted. Zoho Desk is asked for each caller.
settings-contact-sync-index-credits = API credits a day for reading contacts
settings-contact-sync-index-credits-help = Reading 99 contacts costs 3. When nothing changes, staying up to date takes about 96 a day.
settings-index-rebuild = Read all anew
settings-index-rebuild-help = Forgets the contacts on this computer and reads them again, for instance after many were deleted in Zoho Desk. Costs about { $credits } API credits.

## Click to call

settings-click-to-call-confirm = Ask before dialing
settings-click-to-call-confirm-always = Always
settings-click-to-call-confirm-new-numbers = Only for numbers I have not called before
settings-click-to-call-confirm-never = Never
settings-click-to-call-confirm-never-help = A web page could then make your phone dial with one click.
settings-click-to-call-international-prefix = International prefix
settings-click-to-call-international-prefix-help = What the PBX expects before a country code.
settings-click-to-call-international-prefix-hint = 00
settings-click-to-call-shortcut = Shortcut
settings-click-to-call-shortcut-help = Dials the selected number in any program. Press the keys.
settings-click-to-call-shortcut-hint = Ctrl+Alt+D
settings-click-to-call-allow-native-messaging = Let the browser extension dial
settings-click-to-call-allow-native-messaging-help = For the Deskring extension in your browser only.

settings-links = Phone links
settings-links-help = A click on a phone number in a mail or on a web page starts the program that the system has for such links (tel:). Deskring never makes itself that program.
settings-links-ours = A click on a phone number starts Deskring.
settings-links-elsewhere = A click on a phone number starts { $program }.
settings-links-nobody = A click on a phone number starts nothing.
settings-links-unknown = This system does not say which program a click on a phone number starts.
settings-links-how = To call through Deskring, choose it for phone links (tel:) in the system's settings for default apps.
settings-links-command = Or type in a terminal
settings-links-page = Open the system's default apps
settings-links-offer = Make Deskring a candidate
settings-links-offer-help = The system does not list this Deskring among the programs to choose from, because it was not installed from a package.
settings-links-offered = The system lists Deskring now.

settings-shortcut-taken = Another program has these keys, so they do nothing here. Choose others.
settings-shortcut-unusable = This desktop does not give these keys to programs. Choose others.
settings-shortcut-wayland = On Wayland no program may take keys. In the desktop's own keyboard settings, set a key for the command: deskring --dial-selection

settings-browsers = Browser extension
settings-browsers-help = The Deskring extension can hand numbers to Deskring directly, when your browser knows where Deskring is. Only the Deskring extension is let in.
settings-browsers-user = { $browser }: set up for you
settings-browsers-system = { $browser }: set up for everybody on this computer
settings-browsers-elsewhere = { $browser }: starts another program ({ $program })
settings-browsers-no = { $browser }: not set up
settings-browsers-none = No browser that Deskring knows was found.
settings-browsers-off = Browsers are set up, but handing numbers over is switched off above.
settings-browsers-offer = Set up my browsers
settings-browsers-withdraw = Remove from my browsers
settings-browsers-offered = Your browsers know Deskring now.
settings-browsers-withdrawn = Your browsers no longer start Deskring.
settings-browser-chromium = Chromium
settings-browser-chrome = Google Chrome
settings-browser-edge = Microsoft Edge
settings-browser-firefox = Firefox

## Notifications and privacy

settings-notifications-level = Notifications of calls
settings-notifications-level-quiet = Quiet
settings-notifications-level-quiet-help = No sound, and gone after a moment.
settings-notifications-level-normal = Normal
settings-notifications-level-normal-help = As all notifications of this desktop.
settings-notifications-level-insistent = Insistent
settings-notifications-level-insistent-help = Stays until the call is answered or over.
settings-privacy = Privacy
settings-notifications-caller = What a notification shows
settings-notifications-caller-name = Name and number
settings-notifications-caller-masked-number = The end of the number
settings-notifications-caller-hidden = Only that somebody calls
settings-notifications-caller-hidden-help = For shared screens and recordings.
settings-quiet-hours = Quiet hours
settings-quiet-hours-help = Every day, on this computer's clock. Notifications are quiet then. Leave both empty for none.
settings-notifications-quiet-from = From
settings-notifications-quiet-until = Until
settings-quiet-from-hint = 22:00
settings-quiet-until-hint = 08:00

## General

settings-general-name-order = Order of names
settings-general-name-order-help = As “Name Display Format” on the phone system. Automatic: Chinese names last name first, all others first name first.
settings-general-name-order-automatic = Automatic
settings-general-name-order-first-last = First name, last name
settings-general-name-order-last-first = Last name, first name
settings-general-name-order-last-first-joined = Last and first name, no space
settings-general-language = Language
settings-general-language-system = As the system
# Each language by its own name, in every language.
settings-general-language-en = English
settings-general-language-zh-CN = 简体中文
settings-general-start-at-login = Start at login
settings-general-start-at-login-help = Deskring waits in the tray for your calls.
settings-transfer = Take the settings elsewhere
settings-transfer-help = Exported settings hold no secrets and no sign-in. Import them on another computer, then sign in there.
settings-export = Export…
settings-import = Import…
settings-exported = Written to { $path }
settings-imported = The settings were imported.
settings-import-unreadable = This file holds no settings.
settings-import-refused = Nothing was imported:
settings-about = About Deskring
settings-version = Version
settings-logs = Logs
settings-profile = Settings and calls
settings-open-folder = Open folder
settings-doctor-help = Looks at network, PBX, Zoho Desk and this desktop, and says how to mend what is wrong.
settings-setup-help = Phone system, Zoho Desk, your extension, and a call to try it.

## Check everything

settings-doctor-run = Check everything
settings-doctor-again = Check again
settings-doctor-running = Checking…
settings-doctor-copy = Copy report
settings-doctor-none = Not checked yet.
settings-doctor-quick = Found after waking up or a change of the network:
settings-doctor-summary =
    { $fail ->
        [0] { $warn ->
            [0] Everything is fine.
            [one] { $warn } thing to look at, { $ok } fine.
           *[other] { $warn } things to look at, { $ok } fine.
        }
        [one] { $fail } thing does not work, { $warn } to look at, { $ok } fine.
       *[other] { $fail } things do not work, { $warn } to look at, { $ok } fine.
    }
settings-finding-ok = Fine
settings-finding-warn = Look at this
settings-finding-fail = Does not work
settings-finding-skipped = Not checked

## Guided set-up

settings-steps = Steps
settings-step-telephone = Phone system
settings-step-telephone-help = Connect Deskring with your PBX. Press Test to see whether it answers.
settings-step-desk = Zoho Desk
settings-step-desk-help = Register Deskring with Zoho once, then sign in.
settings-step-me = Who am I
settings-step-me-help = Tell Deskring which extension is yours.
settings-step-try = Try it
settings-step-try-help = Let somebody call you and see what happens.
settings-step-done = done
settings-next = Continue
settings-next-anyway = Continue anyway
settings-save-and-next = Save and continue
settings-finish = Finish
settings-setup-leave = Leave the set-up
settings-try-title = Call your phone now
settings-try =
    { $count ->
        [0] Call your extension from another phone, best from a number that a contact in Zoho Desk has.
        [one] Call extension { $extensions } from another phone, best from a number that a contact in Zoho Desk has.
       *[other] Call one of the extensions { $extensions } from another phone, best from a number that a contact in Zoho Desk has.
    }
settings-try-not-ready = Not ready yet
settings-try-not-ready-help = Both connections above must work first. Go back to the step that is not done.
settings-try-help = You can come back here at any time: General, Guided set-up.
settings-try-rang = The PBX reported the call
