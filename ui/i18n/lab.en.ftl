## The matching lab: why a number is whose it is

settings-nav-matching-lab = Matching lab
lab-line = { $title }: { $text }
lab-number = A number
lab-number-help = As the phone system shows it, or as you would write it.
lab-empty = Type a number to see how Deskring reads it, what it asks Zoho Desk, and whose number it is.
lab-means = International form
lab-no-means = none: this is not a full number, so its digits are compared as they are
lab-decision = Whose number it is
lab-decision-withheld = The caller hides the number: nobody is looked for.
lab-decision-one = { $name }. Nobody else has this number.
lab-decision-several =
    { $count ->
       *[other] { $count } records have this number, and a person chooses.
    }
lab-decision-chosen =
    { $count ->
       *[other] { $name }, chosen before of { $count } that have this number.
    }
lab-decision-nobody = Nobody has this number.
lab-decision-ask-desk = Not decided yet: for a call, Zoho Desk would be asked.
lab-decision-failed = Nobody can say: Zoho Desk gave no answer ({ $cause }). “Check everything” finds out what to do.
lab-decided-by = Known from: { $source }.
lab-decided-rule = Rule: { $rule }.
lab-always-query-on = “Always query Helpdesk” is on: Zoho Desk is asked for every call, also for numbers known here.
lab-always-query-off = “Always query Helpdesk” is off: Zoho Desk is asked only for numbers that nobody here has.
lab-readings = How it is read
lab-readings-help = The ways to read it, in order. The first that makes a number counts.
lab-no-readings = There are no digits to read.
lab-verdict-taken = counts
lab-verdict-no-number = makes no number
lab-verdict-later = not needed: an earlier way counts
lab-step-extension = extension { $value } left out
lab-step-outside-line = outside line { $value } taken off
lab-step-international-prefix = { $value } stands for +
lab-step-trunk = leading { $value } of the country taken off
lab-step-area-code = area code { $value } put in front
lab-step-country-code = country code { $value } is written
lab-step-bare-country-code = country code { $value } is written, without +
lab-step-home-country = home country +{ $value } put in front
lab-searches = What Zoho Desk is asked
lab-searches-help =
    { $count ->
       *[other] The requests of a step are sent together, those of the next step only when nobody was found. All of them cost { $count } API credits.
    }
lab-no-searches = Nothing.
lab-search = Step { $step }: { $kind }, { $field }
lab-search-field-phone = field phone
lab-search-field-mobile = field mobile
lab-search-field-any = any field
lab-search-not-asked = not sent
lab-search-not-needed = not needed: somebody was found before
lab-search-failed = failed: { $cause }
lab-search-answered =
    { $count ->
        [0] no record
        [one] { $count } record
       *[other] { $count } records
    }
lab-spent =
    { $count ->
        [one] This cost { $count } API credit.
       *[other] This cost { $count } API credits.
    }
lab-ask-desk =
    { $count ->
       *[other] Ask Zoho Desk (up to { $count } API credits)
    }
lab-here = What is known here
lab-alike =
    { $count ->
        [0] None of the contacts on this computer has a number that ends like this.
        [one] One of the contacts on this computer has a number that ends like this.
       *[other] { $count } of the contacts on this computer have a number that ends like this.
    }
lab-no-index = No contacts are kept on this computer.
lab-kept = Last answer, used for the next minutes: { $names }.
lab-kept-nobody = Last answer, used for the next minute: nobody has it.
lab-no-kept = There is no answer of the last minutes.
lab-choice = Chosen before for this number: { $name }.
lab-no-choice = Nobody was chosen for this number.
lab-hits = Records that were compared
lab-no-hits = None.
lab-counts = has the number
lab-counts-not = does not count
lab-source-index = contacts on this computer
lab-source-desk = Zoho Desk
lab-field-phone = Phone
lab-field-mobile = Mobile
lab-rule-same-number = the same number in international form
lab-rule-national = stored as its own country writes it, without the country code
lab-rule-written-form = stored in one of the usual ways to write it
lab-rule-same-digits = no full number, but the same digits
lab-not-no-digits = has no digits
lab-not-only-ending = only ends alike
lab-not-other-number = another number
lab-not-contacts-first = a contact has the number, and contacts come before accounts
lab-others =
    { $count ->
        [one] { $count } more only looks alike.
       *[other] { $count } more only look alike.
    }

## What other rules would change

lab-what-if = What if the rules were others?
lab-what-if-help = Tries other rules for numbers on your last 500 calls. Nothing is changed by it.
lab-what-if-run = Try on the last calls
lab-what-if-stop = Stop
lab-what-if-again = Go on
lab-what-if-same = These are the rules in force: nothing can change.
lab-what-if-progress =
    { $numbers ->
        [one] { $done } of { $numbers } number is compared.
       *[other] { $done } of { $numbers } numbers are compared.
    }
lab-what-if-stopped = Stopped.
lab-what-if-no-calls = There are no calls with numbers from outside yet.
lab-what-if-no-index = There are no contacts on this computer to compare with. Zoho Desk can be asked instead; that costs up to { $count } API credits.
lab-what-if-ask-desk = Ask Zoho Desk
lab-what-if-with-index =
    { $count ->
       *[other] Compared with the { $count } contacts on this computer, without API credits.
    }
lab-what-if-with-desk = Compared with Zoho Desk.
lab-what-if-partly = The contacts on this computer are still being read, so somebody may be missing.
lab-count-calls = Calls
lab-count-numbers = Numbers
lab-count-now = now
lab-count-then = then
lab-count-matched = Somebody is found
lab-count-ambiguous = Several are found
lab-count-gained = Newly found
lab-count-lost = No longer found
lab-count-newly-ambiguous = Newly ambiguous
lab-count-others = Somebody else is found
lab-change-gained = newly found
lab-change-lost = no longer found
lab-change-ambiguous = now ambiguous
lab-change-clear = no longer ambiguous
lab-change-others = somebody else
lab-changed = Numbers that change
lab-none-changed = No number changes.
lab-nobody = nobody
lab-row-calls =
    { $count ->
        [one] { $count } call
       *[other] { $count } calls
    }
lab-row-means = { $before } → { $after }
lab-take-over = Take these rules over
lab-taken-over = These rules are in the settings now.
cli-what-if-no-index = there are no contacts on this computer to compare with. Zoho Desk can be asked instead with --ask-desk; that costs up to { $count } API credits
cause-not-a-country = the country is not known; use two letters such as DE
