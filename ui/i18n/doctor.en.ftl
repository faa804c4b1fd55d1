# What the doctor looks at (doctor-check), finds (doctor) and advises (doctor-fix), English. Codes of the engine
# become keys. `system` is `pbx` or `desk`.

## What is looked at

doctor-check-settings = Settings
doctor-check-policy = Policy file
doctor-check-keychain = Keychain
doctor-check-notifications = Notifications
doctor-check-tray = Tray icon
doctor-check-tel-links = Phone links
doctor-check-autostart = Start at login
doctor-check-pbx-settings = PBX settings
doctor-check-pbx-name = PBX name
doctor-check-pbx-reach = PBX connection
doctor-check-pbx-certificate = PBX certificate
doctor-check-pbx-credentials = PBX sign-in
doctor-check-pbx-rights = PBX rights
doctor-check-pbx-firmware = PBX firmware
doctor-check-pbx-clock = PBX clock
doctor-check-pbx-extensions = My extensions on the PBX
doctor-check-pbx-extension-monitor = PBX extension monitoring
doctor-check-pbx-trunk-monitor = PBX trunk monitoring
doctor-check-pbx-events = PBX events
doctor-check-desk-settings = Zoho Desk settings
doctor-check-proxy = Zoho Desk proxy
doctor-check-desk-reach = Zoho Desk connection
doctor-check-clock = Clock of this computer
doctor-check-desk-region = Zoho Desk data center
doctor-check-desk-sign-in = Zoho Desk sign-in
doctor-check-desk-organization = Zoho Desk organization
doctor-check-desk-scopes = Zoho Desk permissions
doctor-check-desk-calls = Zoho Desk call activities
doctor-check-desk-fields = Mandatory fields
doctor-check-desk-writing = Writing to Zoho Desk
doctor-check-desk-credits = Zoho Desk API credits
doctor-check-binding = Binding of agents and extensions
doctor-check-index = Contacts on this computer
doctor-check-phonebook = Phonebook of the PBX

## Not looked at

doctor-after-failure = Not checked because of the failure above.
doctor-not-told = The system does not say.

## Settings

doctor-settings-good = All settings can be used.
doctor-settings-problem = Settings that are missing or cannot be used: { $count }. The first is { $key }.
doctor-fix-settings-problem = Open the settings and correct { $key }; the reason stands beside the field, and “deskring-cli settings check” lists all.
doctor-settings-unreadable = { $file } cannot be read.
doctor-fix-settings-unreadable = Make sure that the file belongs to your user account and that the disk works.
doctor-settings-malformed = { $file } cannot be understood at { $place }.
doctor-fix-settings-malformed = Correct the file at this place, or move it away and set Deskring up again.
doctor-settings-newer = { $file } was written by a newer version of Deskring.
doctor-fix-settings-newer = Update Deskring on this computer.
doctor-policy-in-force = { $file } sets some values for everybody on this computer.

## This computer

doctor-keychain-works = The keychain keeps secrets.
doctor-keychain-absent = There is no keychain; secrets come from environment variables or from a file that only you can read.
doctor-fix-keychain-absent = Start a keychain for your session, such as GNOME Keyring or KWallet, then enter the secrets again. On a server without one, this is as it should be.
doctor-keychain-locked = The keychain is locked or waits for its user.
doctor-fix-keychain-locked = Unlock the keychain: look for its dialog, or sign out of the desktop and in again with your password.
doctor-keychain-failed = The keychain is there but does not work.
doctor-fix-keychain-failed = Restart the keychain service, or sign out of the desktop and in again.
doctor-secrets-file-not-private = Other users of this computer can read the file of secrets, so it is not used.
doctor-fix-secrets-file-not-private = Give the folder “secrets” of the profile and its files to your user account alone, then enter the secrets again.
doctor-secrets-file-malformed = The file of secrets is damaged.
doctor-fix-secrets-file-malformed = Move the file away and enter the secrets again.
doctor-secrets-file-unusable = The file of secrets cannot be read or written.
doctor-fix-secrets-file-unusable = Check the rights of the profile's folder “secrets”, and whether the disk is full.
doctor-notifications-with-buttons = { $name } shows notifications with buttons.
doctor-notifications-native = The system shows notifications.
doctor-notifications-without-buttons = { $name } shows notifications, but without buttons.
doctor-fix-notifications-without-buttons = Click the notification itself or use the tray menu to open a contact, or use a notification service that has buttons.
doctor-notifications-held-back = { $name } holds notifications back: “Do not disturb” is on.
doctor-fix-notifications-held-back = Switch “Do not disturb” off in the desktop's settings to see incoming calls.
doctor-notifications-absent = Nothing shows notifications on this desktop.
doctor-fix-notifications-absent = Start a notification service, such as that of your desktop, dunst or mako. On a server without a desktop, this is as it should be.
doctor-tray-shown = The desktop shows tray icons.
doctor-tray-not-shown = This desktop shows no tray icons.
doctor-fix-tray-not-shown = On GNOME, install and switch on the extension “AppIndicator and KStatusNotifierItem Support”. Without it, start Deskring again to see its window.
doctor-tel-links-ours = A click on a phone number starts Deskring.
doctor-tel-links-elsewhere = A click on a phone number starts { $program }.
doctor-fix-tel-links-elsewhere = To call through Deskring, choose it for phone links (tel:) in the system's settings for default apps.
doctor-tel-links-nobody = A click on a phone number starts nothing.
doctor-fix-tel-links-nobody = Choose Deskring for phone links (tel:) in the system's settings for default apps.
doctor-autostart-on = Deskring starts when you log in.
doctor-autostart-off = Deskring does not start when you log in, as set.
doctor-autostart-lost = Deskring is set to start at login, but the desktop does not start it.
doctor-fix-autostart-lost = Switch “Start at login” off and on again in the general settings, or switch Deskring on in the desktop's list of startup programs.
doctor-autostart-elsewhere = At login the desktop starts another copy under Deskring's name ({ $program }).
doctor-fix-autostart-elsewhere = Switch “Start at login” off and on again in the settings of the Deskring that you use.

## On the way

doctor-name-found = { $host } has an address.
doctor-reached = { $host } answers.
doctor-name-not-found =
    { $system ->
        [pbx] No address is known for the PBX { $host }.
       *[other] No address is known for { $host }.
    }
doctor-fix-name-not-found =
    { $system ->
        [pbx] Check the spelling of the PBX address. If it is right, connect to the company's network or VPN, or ask for the name to be added to DNS.
       *[other] Check this computer's internet connection and DNS, and the address when the data center is “custom”.
    }
doctor-refused =
    { $system ->
        [pbx] Nothing listens on this port of the PBX { $host }.
       *[other] { $host }, or a proxy on the way, refuses the connection.
    }
doctor-fix-refused =
    { $system ->
        [pbx] Check the port in the PBX address (8088 unless it was changed), and that the PBX is running.
       *[other] Check the proxy settings of this computer and whether a firewall blocks { $host }.
    }
doctor-timed-out = { $host } did not answer in time.
doctor-fix-timed-out =
    { $system ->
        [pbx] Check the PBX address and port, and whether a firewall is in the way or the VPN is missing.
       *[other] Check the internet connection and whether a firewall lets https to { $host } through.
    }
doctor-unreachable = There is no way to { $host }.
doctor-fix-unreachable =
    { $system ->
        [pbx] Connect this computer to the network, or start the VPN that leads to the PBX.
       *[other] Connect this computer to the internet and check its proxy settings.
    }
doctor-closed = { $host } closed the connection.
doctor-fix-closed = Check that the address begins with https when the PBX's port is one for https; if it does, look for a firewall or proxy that cuts connections, or restart the PBX's web service.
doctor-tls =
    { $system ->
        [pbx] No secure connection to { $host } comes about.
       *[other] The secure connection to { $host } cannot be trusted.
    }
doctor-fix-tls =
    { $system ->
        [pbx] Check that the port is the PBX's https port, and that the PBX permits TLS 1.2 or later.
       *[other] Check this computer's date and time first. Then ask whether a firewall or virus scanner inspects https, and exempt { $host } from it.
    }
doctor-malformed =
    { $system ->
        [pbx] What answers at { $host } does not speak the API of a Yeastar PBX.
       *[other] The answer of { $host } cannot be understood.
    }
doctor-fix-malformed =
    { $system ->
        [pbx] Check the address and the port. Open the address in a browser: a sign-in page of a public network, a proxy or another device may answer instead.
       *[other] Open https://{ $host } in a browser: a sign-in page of a public network or a proxy may answer instead. If the data center is “custom”, check both addresses.
    }
doctor-other =
    { $system ->
        [pbx] The PBX refuses with error { $errcode }.
       *[other] Something unexpected happened.
    }
doctor-fix-other = Try again in a few minutes; if it stays, send this report to whoever supports Deskring.

## PBX

doctor-pbx-address-missing = The PBX address is missing.
doctor-fix-pbx-address-missing = Fill in the address of the PBX, as it stands in the browser, with the port.
doctor-pbx-address-wrong = The PBX address is not a web address.
doctor-fix-pbx-address-wrong = Write it as https://pbx.example.com:8088, without a path.
doctor-pbx-client-id-missing = The client ID of the PBX is missing.
doctor-fix-pbx-client-id-missing = Copy the client ID from the PBX: Integrations > API.
doctor-pbx-secret-missing = The client secret of the PBX is missing.
doctor-fix-pbx-secret-missing = Copy the client secret from the PBX: Integrations > API, or run “deskring-cli secret set pbx”.
doctor-pbx-certificate-wrong = The trusted certificate in the settings is not a SHA-256 fingerprint.
doctor-fix-pbx-certificate-wrong = Clear the field, test the connection, and trust the certificate that is shown once you have compared it.
doctor-certificate-trusted = This system trusts the certificate of { $host }.
doctor-certificate-pinned = { $host } shows the certificate that you trust.
doctor-certificate-not-needed = { $host } is asked without encryption, so there is no certificate.
doctor-unknown-certificate =
    { $reason ->
        [wrong_name] The certificate of { $host } is for another name (SHA-256 { $sha256 }).
        [expired] The certificate of { $host } has expired (SHA-256 { $sha256 }).
        [not_yet_valid] The certificate of { $host } is not valid yet (SHA-256 { $sha256 }).
       *[other] Nobody known vouches for the certificate of { $host } (SHA-256 { $sha256 }).
    }
doctor-fix-unknown-certificate =
    { $reason ->
        [wrong_name] Use the name that the certificate is for, or compare its SHA-256 with that of the PBX and trust it in the settings.
        [expired] Renew the certificate in the PBX (Security > Security Settings > Certificate), and check this computer's date.
        [not_yet_valid] Check the date and time of this computer and of the PBX.
       *[other] Compare the SHA-256 with that of the PBX (Security > Security Settings > Certificate); when they are the same, trust it in the settings.
    }
doctor-changed-certificate = { $host } shows another certificate than the trusted one: SHA-256 { $sha256 } instead of { $expected }.
doctor-fix-changed-certificate = Ask the administrator whether the certificate was renewed. If so, compare the new SHA-256 with that of the PBX and trust it; if not, do not go on: somebody may be listening.
doctor-credentials-accepted = The PBX accepts client ID and client secret.
doctor-credentials = The PBX refuses the client ID or the client secret.
doctor-fix-credentials = Copy both again from the PBX: Integrations > API. After five wrong tries the PBX blocks this computer, so do not guess.
doctor-address-blocked = After wrong sign-ins the PBX { $host } has blocked this computer's address (70004).
doctor-fix-address-blocked = Wait about ten minutes until the PBX lifts the block, or remove the address in the PBX: Security > Blocked IPs. Correct the client secret before that.
doctor-address-not-allowed = The PBX { $host } does not allow this computer's address to use its API (70087).
doctor-fix-address-not-allowed = Add this computer's address to the allowed addresses in the PBX: Integrations > API > IP restriction.
doctor-too-many-tokens = All eight tokens of this API application are in use (60002).
doctor-fix-too-many-tokens = Other programs or computers use the same API application. Close some, or wait half an hour until unused tokens end.
doctor-token-expired = The PBX refuses a token that it has just given out.
doctor-fix-token-expired = Check the clock of the PBX, and switch the API off and on again in the PBX: Integrations > API.
doctor-too-old = The PBX does not know this interface (10001).
doctor-fix-too-old = Switch the API on in the PBX: Integrations > API. If it is on, update the firmware: 83.21.0.66 or later for the software edition, 37.7.0.16 or later for appliances.
doctor-parameter = The PBX refuses a parameter ({ $errcode }).
doctor-fix-parameter = Update the firmware of the PBX and Deskring; if it stays, send this report to whoever supports Deskring.
doctor-not-found = The PBX does not find what was asked for ({ $errcode }).
doctor-fix-not-found = Check that the API is switched on in the PBX: Integrations > API.
doctor-rights-good = The API answers all questions.
doctor-signed-out =
    { $system ->
        [pbx] Deskring has just signed out of the PBX.
       *[other] Zoho does not accept the sign-in any more: it was revoked, or belongs to another data center.
    }
doctor-fix-signed-out =
    { $system ->
        [pbx] Wait a moment and check again.
       *[other] Sign in to Zoho Desk again in the settings, or run “deskring-cli desk sign-in”.
    }
doctor-firmware-good = { $model } with firmware { $firmware }.
doctor-firmware-old = { $model } has firmware { $firmware }; { $needed } or later is needed.
doctor-fix-firmware-old = Update the PBX to firmware { $needed } or later: Maintenance > Upgrade.
doctor-clock-good = The clock is right.
doctor-pbx-clock-off = The clock of the PBX and that of this computer are { $seconds } seconds apart.
doctor-fix-pbx-clock-off = Switch on network time (NTP) in the PBX: System > Date and Time. If this computer's clock is reported as well, set that one first.
doctor-extension-missing = No extension is set, so no call can be yours.
doctor-fix-extension-missing = Fill in your extension in the settings: Phone system > My extensions.
doctor-extensions-known = The PBX knows { $extensions }.
doctor-extensions-unknown = The PBX has no extension { $extensions }.
doctor-fix-extensions-unknown = Correct “My extensions” in the settings, or create the extension in the PBX.
doctor-extension-monitor-on = The PBX reports the state of your extensions.
doctor-extension-monitor-off = The PBX does not report the state of { $extensions }.
doctor-fix-extension-monitor-off = Select the extension in the PBX: Integrations > API > Advanced Settings > extension status monitoring.
doctor-trunk-monitor-on = The PBX reports calls over all trunks.
doctor-trunk-monitor-off = The PBX does not report calls over { $trunks }: they come without a caller or not at all.
doctor-fix-trunk-monitor-off = Select all trunks in the PBX: Integrations > API > Advanced Settings > trunk status monitoring.
doctor-events-come = Events come; a round trip takes { $ms } ms.
doctor-silent = The event connection to { $host } opens, but nothing comes back.
doctor-fix-silent = Look for a proxy or firewall that does not pass WebSockets on; if there is none, restart the PBX.
doctor-handshake = { $host } refuses the event connection (HTTP { $status }).
doctor-fix-handshake = Switch on WebSocket events in the PBX: Integrations > API, and let proxies on the way pass WebSockets on.

## Zoho Desk

doctor-desk-disabled = Zoho Desk is disabled, as set.
doctor-desk-address-wrong = The addresses of the custom data center are not usable.
doctor-fix-desk-address-wrong = Write both as https://accounts.zoho.com and https://desk.zoho.com, or choose a data center of the list.
doctor-desk-client-id-missing = The client ID of Zoho is missing, so Zoho Desk is not set up.
doctor-fix-desk-client-id-missing = Add an application in Zoho's API console, and fill in its client ID in the settings.
doctor-desk-secret-missing = The client secret of Zoho is missing.
doctor-fix-desk-secret-missing = Copy it from Zoho's API console into the settings, or run “deskring-cli secret set desk”.
doctor-desk-sign-in-missing = Nobody has signed in to Zoho Desk yet.
doctor-fix-desk-sign-in-missing = Sign in to Zoho Desk in the settings, or run “deskring-cli desk sign-in”.
doctor-proxy-none = No proxy is used.
doctor-proxy-used = The proxy { $proxy } is used.
doctor-proxy-in-the-way = Zoho was asked through the proxy { $proxy }, in vain.
doctor-fix-proxy-in-the-way = Check whether the proxy runs and lets Zoho through, or remove it: HTTPS_PROXY and ALL_PROXY in the environment, or the system's proxy settings.
doctor-clock-off = This computer's clock is { $seconds } seconds ahead of Zoho's (with a minus: behind).
doctor-fix-clock-off = Switch on automatic date and time in the system's settings.
doctor-region-good = { $host } knows this client ID.
doctor-client-unknown = { $host } does not know the client ID.
doctor-fix-client-unknown = Choose the data center where the application was registered, or switch on Multi-DC for it in Zoho's API console; then compare the client ID.
doctor-signed-in = The sign-in is valid.
doctor-client-secret-wrong = Zoho refuses the client secret.
doctor-fix-client-secret-wrong = Copy the secret again from Zoho's API console; with Multi-DC each data center has its own.
doctor-throttled = Zoho has seen too many sign-ins and wants a pause.
doctor-fix-throttled = Wait ten minutes, then check again.
doctor-organization-good = The organization is { $name }.
doctor-organization-none = This account belongs to no organization of Zoho Desk.
doctor-fix-organization-none = Sign in with an account that is an agent of your Zoho Desk, and check the data center.
doctor-organization-unknown = The organization in the settings is not open to this sign-in; { $name } is.
doctor-fix-organization-unknown = Choose the organization again in the settings, or sign in again and choose the right one.
doctor-other-organization = The sign-in is for another organization than the one in the settings.
doctor-fix-other-organization = Sign in again and choose the organization of the settings.
doctor-scopes-good = All permissions are there.
doctor-scopes-missing = Permissions are missing: { $scopes }.
doctor-fix-scopes-missing = Sign in to Zoho Desk again and accept all permissions.
doctor-missing-scope = A permission that everything needs is missing.
doctor-fix-missing-scope = Sign in to Zoho Desk again and accept all permissions.
doctor-forbidden = Zoho does not permit this to the account that signed in.
doctor-fix-forbidden = Ask an administrator of Zoho Desk to extend the agent's profile.
doctor-edition-limit = This edition of Zoho Desk does not have this.
doctor-fix-edition-limit = Go without it, or choose a larger edition of Zoho Desk.
doctor-gone = Zoho Desk does not find what was asked for.
doctor-fix-gone = Check the organization and the data center in the settings.
doctor-invalid = Zoho Desk refuses a value.
doctor-fix-invalid = Choose organization and department again in the settings.
doctor-bad-request = Zoho Desk refuses the question.
doctor-fix-bad-request = Choose organization and department again in the settings; if it stays, update Deskring.
doctor-too-many-requests = Too many programs ask Zoho Desk at once.
doctor-fix-too-many-requests = Wait a minute and check again; if it stays, look for other integrations that use the same Zoho Desk.
doctor-server-error = Zoho has a fault.
doctor-fix-server-error = Look at status.zoho.com and try again later.
doctor-answer-lost = The answer of { $host } was lost on the way.
doctor-fix-answer-lost = Check the network connection and try again.
doctor-calls-available = Calls can be logged (edition { $edition }).
doctor-calls-not-in-edition = The edition { $edition } has no call activities, so calls cannot be logged as such.
doctor-fix-calls-not-in-edition = Choose an edition of Zoho Desk with call activities, or switch the call log off.
doctor-calls-no-scope = The permission for calls is missing, so calls cannot be logged.
doctor-fix-calls-no-scope = Sign in to Zoho Desk again; if Zoho shows “invalid scope”, use the other permission for calls that the settings offer.
doctor-calls-not-permitted = The agent's profile forbids calls, so calls cannot be logged.
doctor-fix-calls-not-permitted = Ask an administrator to permit calls: Zoho Desk > Setup > Profiles.
doctor-gateway-writes = Your gateway writes for all agents; from here only what you create yourself is written.
doctor-nothing-written = The rules write nothing to Zoho Desk.
doctor-fields-good = The rules fill in every field that Zoho Desk demands.
doctor-fields-missing = Zoho Desk demands fields that no rule fills in: { $fields }. Each record waits until a person fills them in.
doctor-fix-fields-missing = Make them optional in Zoho Desk (Setup > Customization > Layouts and Fields), or give them a default value.
doctor-credits-good = { $left } API credits are left today.
doctor-credits-low = Only { $left } API credits are left today.
doctor-fix-credits-low = Look in Zoho Desk (Setup > Developer Space > API) which integration uses so many; they come back at the end of Zoho's day.
doctor-credits-used-up = Today's API credits are used up.
doctor-fix-credits-used-up = Wait until Zoho's day is over; see in Zoho Desk (Setup > Developer Space > API) which integration used them.
doctor-binding-good = Each of your extensions belongs to an agent.
doctor-binding-missing = No agent is bound to { $extensions }.
doctor-fix-binding-missing = Bind an agent in the settings: Agents and extensions, or run “deskring-cli bind --by-email”.
doctor-binding-unknown-agent = The agent bound to { $extensions } is not an active agent of Zoho Desk.
doctor-fix-binding-unknown-agent = Bind the extension to an active agent in the settings: Agents and extensions.

## Copies of contacts

doctor-index-good = { $people } contacts are on this computer, up to date.
doctor-index-reads = { $people } contacts are on this computer so far; more are being read.
doctor-index-unwanted = None are kept, as set. Zoho Desk is asked for each caller.
doctor-index-no-key = None are kept: without a keychain there is no place for their key that you agreed to.
doctor-index-spent = { $people } contacts are on this computer; the API credits that may be used for them today are spent.
doctor-fix-index-spent = It goes on tomorrow. To be faster, allow more API credits a day: settings, Contact sync.
doctor-index-stands = Contacts are not being read ({ $cause }).
doctor-fix-index-stands = See the reason in the settings, Contact sync. Callers are looked up in Zoho Desk meanwhile.
doctor-phonebook-unwanted = Contact sync is switched off.
doctor-phonebook-good = Contacts are copied to “{ $name }”.
doctor-phonebook-waits = Copying contacts to “{ $name }” waits ({ $cause }).
doctor-fix-phonebook-waits = It goes on by itself when the PBX and Zoho Desk can be reached; see the reason in the settings, Contact sync.
doctor-phonebook-refused = Contacts cannot be copied to “{ $name }” ({ $cause }).
doctor-fix-phonebook-refused = See the reason in the settings, Contact sync, and choose an empty phonebook or one that this app filled.
