package dev.limbeck.cli;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Hold the words of {@link DemoTexts}. In a phrase, {@code @} stands for a thing and {@code #} for a number of five digits. */
final class DemoPhrases {
    /** Things of each group, which its three intents talk of. */
    static final List<List<String>> THINGS = List.of(
            List.of("account", "profile", "login", "customer area", "user page", "portal", "app", "mailbox"),
            List.of("bill", "invoice", "payment", "statement", "last bill", "bank transfer", "card payment", "fee"),
            List.of("parcel", "router", "box", "order", "delivery", "modem", "cable", "shipment"),
            List.of("contract", "plan", "subscription", "tariff", "connection", "line", "package", "membership"));

    /** Phrases that all three intents of a group use. */
    static final List<List<String>> VAGUE = List.of(
            List.of("I cannot get into my @", "my @ does not let me in", "something is wrong with my @"),
            List.of("I do not understand my @", "please check my @", "the amount on my @ is wrong"),
            List.of("there is a problem with my @", "what about my @?", "I am not happy with the @"),
            List.of("I have a question about my @", "my @ no longer fits", "things change soon, what about my @?"));

    /** Phrases of each intent. The first three intents are of the first group, and so on. */
    static final Map<String, List<String>> OF_INTENTS = ofIntents();

    static final List<String> GREETINGS = List.of(
            "Hello", "Hi there", "Good morning", "Dear team", "Hey", "To whom it may concern", "Good evening", "Hi");

    static final List<String> CLOSINGS = List.of(
            "Thanks",
            "Thank you for your help",
            "Please answer soon",
            "Kind regards",
            "I wait for your reply",
            "Many thanks in advance",
            "Please call me back",
            "Best wishes");

    /** Sentences on other matters, with things of any group. */
    static final List<String> ASIDES = List.of(
            "My @ is fine",
            "This is not about the @",
            "I wrote to you about the @ last month",
            "The @ works well",
            "You helped me with the @ before",
            "My neighbor has the same @",
            "I have been a customer for years",
            "I am on a train right now",
            "Nobody answers the phone",
            "Your web site did not help",
            "My customer number is #",
            "You can call me at 555 #",
            "It is case #, if that helps");

    /** Words of phrases that others may stand for. */
    static final Map<String, List<String>> SYNONYMS = Map.of(
            "my", List.of("my", "our", "the"),
            "please", List.of("please", "kindly", "can you"),
            "want", List.of("want", "would like"),
            "need", List.of("need", "require"));

    private DemoPhrases() {}

    private static Map<String, List<String>> ofIntents() {
        Map<String, List<String>> all = new LinkedHashMap<>();
        all.put(
                "password",
                List.of(
                        "I forgot my password",
                        "how do I reset the password of my @",
                        "the secret word slipped my mind",
                        "I cannot remember what I typed when I signed up",
                        "please let me choose new credentials for the @",
                        "the reset link for my @ is dead",
                        "my passphrase is rejected as wrong",
                        "I want to set another password",
                        "my browser no longer fills in what I need to sign in",
                        "I lost the note with my access data for the @",
                        "where do I change the key to my @",
                        "my old pass is too weak, I need a stronger one"));
        all.put(
                "login code",
                List.of(
                        "the code for my @ never arrives",
                        "no text message with six digits reaches me",
                        "I have a new phone number and cannot confirm my @",
                        "the two-step check of my @ fails",
                        "the authenticator shows other digits than you want",
                        "your verification message comes an hour late",
                        "please turn the second factor off",
                        "I lost the phone that gets my one-time PIN",
                        "the token for my @ has expired before I can type it",
                        "I get no SMS from you",
                        "the QR picture for the @ cannot be scanned",
                        "my backup codes are used up"));
        all.put(
                "locked account",
                List.of(
                        "my @ is locked",
                        "it says that I tried too often",
                        "please unblock my @",
                        "you suspended my @ without a reason",
                        "I am banned since yesterday",
                        "the @ says access denied",
                        "somebody else used my @ and now it is frozen",
                        "when does the waiting time after failed attempts end?",
                        "my @ was deactivated",
                        "a red message says that I must contact support to open the @ again",
                        "please lift the block",
                        "why did you close my @ for security reasons?"));
        all.put(
                "charged twice",
                List.of(
                        "I was charged twice",
                        "you took the money two times",
                        "the same @ appears double",
                        "there are two bookings for one month",
                        "my bank shows a duplicate @",
                        "I paid already and you debited me again",
                        "why do I see the identical amount on Monday and on Tuesday?",
                        "one @ too many left my bank",
                        "you collected it once more than agreed",
                        "the second withdrawal must be an error",
                        "April was billed again in May",
                        "my card has a repeated @"));
        all.put(
                "refund",
                List.of(
                        "I want my money back",
                        "please refund the @",
                        "when do I get the credit that you promised?",
                        "I sent everything back and still wait for the reimbursement",
                        "please return the deposit",
                        "the repayment has not reached my bank",
                        "you owe me twenty dollars",
                        "how long does it take until the sum is back on my card?",
                        "I ask for compensation for the outage",
                        "please reverse the @",
                        "I overpaid, send me the difference",
                        "where is the cashback from your offer?"));
        all.put(
                "invoice copy",
                List.of(
                        "please send me a copy of the @",
                        "I need the @ as a PDF",
                        "my tax office wants a document for the @",
                        "where can I download the @?",
                        "the @ did not come by mail",
                        "can you put my company name on the @?",
                        "I need a receipt for my employer",
                        "I lost the paper for the @",
                        "please mail the figures of last year",
                        "I need proof that I paid",
                        "the attachment with my @ is empty",
                        "please issue the @ with the VAT number"));
        all.put(
                "late delivery",
                List.of(
                        "my @ has not come",
                        "where is my @?",
                        "the @ is overdue since Friday",
                        "tracking shows no movement for a week",
                        "the courier never rang",
                        "how many more days until the @ is here?",
                        "the @ was promised for yesterday",
                        "the driver says that nobody was at home",
                        "my @ is stuck in a depot",
                        "I am still waiting",
                        "nothing was handed over at the pickup shop",
                        "can you tell me the arrival date of the @?"));
        all.put(
                "damaged goods",
                List.of(
                        "the @ is broken",
                        "my @ has a crack",
                        "it fell apart when I took it out",
                        "the @ arrived with a dent",
                        "the plug is bent",
                        "water got into the @",
                        "the glass of the @ is shattered",
                        "it makes a burning smell",
                        "the @ does not turn on",
                        "one corner is crushed",
                        "the housing of the @ is scratched",
                        "the power supply is torn"));
        all.put(
                "wrong item",
                List.of(
                        "I got the wrong @",
                        "this is not what I ordered",
                        "you sent me the black @ in place of the white one",
                        "the size of the @ does not match",
                        "somebody else's name is on the @",
                        "there are two of them but I wanted one",
                        "a part of the @ is missing",
                        "I received an older model",
                        "the @ is for another country",
                        "the content differs from the list",
                        "you mixed up my @ with a stranger's",
                        "my @ has a different number than on the label"));
        all.put(
                "cancel",
                List.of(
                        "I want to cancel my @",
                        "please end my @",
                        "I quit",
                        "how do I terminate the @?",
                        "I found a cheaper provider",
                        "please stop the renewal of my @",
                        "what is the notice period of my @?",
                        "I no longer need the @",
                        "I withdraw from the @ within fourteen days",
                        "please confirm that the @ stops in June",
                        "I do not use my @ any longer",
                        "I leave the country for good"));
        all.put(
                "change plan",
                List.of(
                        "I want a faster @",
                        "please upgrade my @",
                        "can I switch to the cheap @?",
                        "I need more gigabytes",
                        "which @ fits a family of five?",
                        "please downgrade me",
                        "what does the bigger @ cost?",
                        "I want to add television to my @",
                        "the unlimited offer sounds good, can I have it?",
                        "is there a discount for students?",
                        "please book the premium option",
                        "half the speed of my @ is enough for me"));
        all.put(
                "moving",
                List.of(
                        "I am moving",
                        "my address changes in May",
                        "please bring my @ to the new flat",
                        "is my @ available in another street?",
                        "I get a new house",
                        "how do I take the @ along?",
                        "the new landlord asks for a technician",
                        "the moving van comes on Saturday",
                        "I will live in another city",
                        "please note my new postal code",
                        "can both homes have the @ for a month?",
                        "we relocate the office"));
        return Collections.unmodifiableMap(all);
    }
}
