//! The table: every place, every action, its keys and its words.
//!
//! A new action is one line here, and its handler in the console. A line reads:
//! `new` (or `also`, where another place has the action already), the action, its name in the
//! config file, its keys, those of a preset where they differ, what it does for the help (empty
//! where it goes without saying, `^` where it is told with the line above), the same in a word or
//! two for the foot of the screen, and `changes` where a console that only looks refuses it.
//!
//! What several places end with stands once, before them: `with editing` where a line of text is
//! written, `with leaving` where a screen is left.

use super::binding::{Binding, KEYS, Kind, keymap};
use crate::shape::Shape;

keymap! {
    editing {
        also Backspace "backspace" ["backspace", "ctrl-h"] "";
        also Left "left" ["left"] emacs ["left", "ctrl-b"] "";
        also Right "right" ["right"] emacs ["right", "ctrl-f"] "";
        also WordLeft "word_left" ["alt-left", "alt-b", "ctrl-left"] "";
        also WordRight "word_right" ["alt-right", "alt-f", "ctrl-right"] "";
        also LineStart "line_start" ["home", "ctrl-a"] "";
        also LineEnd "line_end" ["end", "ctrl-e"] "";
        also CutWord "cut_word" ["ctrl-w", "alt-backspace"] "";
        also CutLine "cut_line" ["ctrl-u"] "";
        also CutEnd "cut_end" ["ctrl-k"] "";
    }
    leaving {
        also NextPane "next_pane" ["tab"] "";
        also Leave "leave" ["q"] "";
        also Back "back" ["esc", "i"] vim ["i", "esc"] emacs ["esc", "i", "ctrl-g"] "back" "back";
        also Command "command" [":"] "a command";
        also Help "help" ["?"] "" "help";
    }
    Composer "composer" "Writing" Writes {
        new Send "send" ["enter"] emacs ["enter", "ctrl-x ctrl-s"] "send the message" "send" changes;
        new Steer "steer" ["alt-s", "ctrl-enter"] "send it into the running turn, or let the newest waiting message in" changes;
        new NewLine "new_line" ["ctrl-j", "alt-enter", "shift-enter"] "begin a new line";
        new Up "up" ["up"] emacs ["up", "ctrl-p"] "by lines, then what waits or what you sent before";
        new Down "down" ["down"] emacs ["down", "ctrl-n"] "^";
        new Interrupt "interrupt" ["esc"] vim [] emacs ["esc", "ctrl-g"] "interrupt the agent" changes;
        new Read "read" [] vim ["esc"] "to the conversation, where letters are keys";
        new Withdraw "withdraw" ["ctrl-b"] emacs ["ctrl-x u"] "take back the newest waiting message" changes;
        new NextPane "next_pane" ["tab"] "to the approval, or the next pane" "next pane";
        new PageUp "page_up" ["pgup"] emacs ["pgup", "alt-v"] "scroll the conversation";
        new PageDown "page_down" ["pgdn"] emacs ["pgdn", "ctrl-v"] "^";
        new ExpandPaste "expand_paste" ["alt-p"] "write a large paste out";
        new EditOutside "edit_outside" ["alt-e"] emacs ["alt-e", "ctrl-x ctrl-e"] "write in your own editor";
        new CutWord "cut_word" ["ctrl-w", "alt-backspace"] "cut the word before";
        new CutLine "cut_line" ["ctrl-u"] "cut to the start of the line";
        new CutEnd "cut_end" ["ctrl-k"] "cut to the end of the line";
        new Backspace "backspace" ["backspace", "ctrl-h"] "";
        new Delete "delete" ["del"] emacs ["del", "ctrl-d"] "";
        new Left "left" ["left"] emacs ["left", "ctrl-b"] "";
        new Right "right" ["right"] emacs ["right", "ctrl-f"] "";
        new WordLeft "word_left" ["alt-left", "alt-b", "ctrl-left"] "";
        new WordRight "word_right" ["alt-right", "alt-f", "ctrl-right"] "";
        new LineStart "line_start" ["home"] emacs ["home", "ctrl-a"] "";
        new LineEnd "line_end" ["end", "ctrl-e"] "";
    }
    Completing "completing" "Completing a name" Writes {
        also Up "up" ["up", "ctrl-p"] "the name above, the name below" "choose";
        also Down "down" ["down", "ctrl-n"] "^";
        new Accept "accept" ["tab"] "write it" "write it";
        also Back "back" ["esc"] emacs ["esc", "ctrl-g"] "close the list" "close";
    }
    EmptyComposer "empty_composer" "While nothing is written" Keys {
        new Help "help" ["?"] "";
        new Command "command" [":"] "";
        new Last "last" ["end"] "";
    }
    Card "card" "Answering an approval" Keys {
        new AllowOnce "allow_once" ["y"] "allow this call" changes;
        new AllowSession "allow_session" ["s"] "allow calls like it in this session" changes;
        new AllowAlways "allow_always" ["a"] "allow calls like it always" changes;
        new Deny "deny" ["n"] "deny this call" changes;
        new DenyNote "deny_note" ["N"] "deny it and tell the agent why" changes;
        new Lab "lab" ["w"] "why it is asked, and which rules would cover it" "why";
        new PreviousCard "previous_card" ["["] "the part of a change before, the next";
        new NextCard "next_card" ["]"] "^";
        new Open "open" ["space"] "fold or open that part";
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p"] "scroll a long command";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n"] "^";
        also PageUp "page_up" ["pgup"] "";
        also PageDown "page_down" ["pgdn"] "";
        also NextPane "next_pane" ["tab"] "";
        new Back "back" ["esc"] emacs ["esc", "ctrl-g"] "back to writing, without an answer" "back";
    }
    Asked "asked" "Answering a question of the agent" Keys {
        new Choose1 "choose_1" ["1"] "take that choice" changes;
        new Choose2 "choose_2" ["2"] "^" changes;
        new Choose3 "choose_3" ["3"] "^" changes;
        new Choose4 "choose_4" ["4"] "^" changes;
        new Choose5 "choose_5" ["5"] "^" changes;
        new Choose6 "choose_6" ["6"] "^" changes;
        new Choose7 "choose_7" ["7"] "^" changes;
        new Choose8 "choose_8" ["8"] "^" changes;
        new OwnWords "own_words" ["enter", "w"] "answer in your own words" changes;
        new Dismiss "dismiss" ["d"] "give no answer" changes;
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p"] "scroll a long question";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n"] "^";
        also PageUp "page_up" ["pgup"] "";
        also PageDown "page_down" ["pgdn"] "";
        also NextPane "next_pane" ["tab"] "";
        also Back "back" ["esc"] emacs ["esc", "ctrl-g"] "back to writing, without an answer" "back";
    }
    Conversation "conversation" "Reading the conversation" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "scroll by lines";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also PageUp "page_up" ["pgup", "ctrl-u"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "scroll by pages";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d", "ctrl-f"] emacs ["pgdn", "ctrl-v"] "^";
        also PreviousCard "previous_card" ["["] "the card or part of a change above, below" "cards";
        also NextCard "next_card" ["]"] "^";
        also Open "open" ["enter", "space"] "open or fold the card" "open";
        new First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "to the oldest message";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "to the newest, and follow" "newest";
        new PreviousTurn "previous_turn" ["{", "alt-up"] "the turn above, the turn below";
        new NextTurn "next_turn" ["}", "alt-down"] "^";
        new Find "find" ["/"] emacs ["/", "ctrl-s"] "search this session" "search";
        new NextHit "next_hit" ["n"] emacs ["alt-r"] "the next hit further up, and back down";
        new PreviousHit "previous_hit" ["N"] emacs ["alt-s"] "^";
        new Pick "pick" ["v"] "pick a message, a block of code or a call" "pick";
        new Copy "copy" ["y"] emacs ["y", "alt-w"] "copy the newest answer";
        new Pager "pager" ["p"] emacs ["|"] "the whole session in your pager";
        new Editor "editor" ["e"] "the whole session in your editor";
        new Continue "continue" ["c"] "continue a turn that was stopped" changes;
        new Fork "fork" ["F"] "go another way from here, in a new session" changes;
        new Undo "undo" ["u"] "undo what you did last in the console";
        also NextPane "next_pane" ["tab"] "" "next pane";
        new Leave "leave" ["q"] "leave; the daemon goes on";
        also Back "back" ["esc", "i"] vim ["i", "a"] emacs ["esc", "i", "ctrl-g"] "back to writing" "write";
        also Command "command" [":"] "a command";
        also Help "help" ["?"] "" "help";
    }
    Replay "replay" "Replaying a session" Keys {
        new Play "play" ["space"] "play, and pause" "play";
        new NextStep "next_step" ["right", "l", "n"] "the next step, the step before" "step";
        new PreviousStep "previous_step" ["left", "h", "p"] "^";
        also Leave "leave" ["q", "ctrl-c", "ctrl-d"] vim ["q", "ctrl-c"] emacs ["q", "ctrl-c", "ctrl-d"] "leave the replay" "leave";
        new Faster "faster" ["+", "="] "faster, slower" "speed";
        new Slower "slower" ["-"] "^";
        also First "first" ["g", "home"] vim ["g g", "home"] emacs ["g", "home", "alt-<"] "to the beginning, to the end" "ends";
        also Last "last" ["G", "end"] emacs ["G", "end", "alt->"] "^";
        new GoTo "go_to" ["/"] "to a message; its number alone does it too" "to a message";
        new Details "details" ["t"] "the call at hand, whole" "the call";
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p"] "scroll the conversation";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n"] "^";
        also PageUp "page_up" ["pgup", "ctrl-u"] emacs ["pgup", "alt-v"] "";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d"] emacs ["pgdn", "ctrl-v"] "";
        also PreviousCard "previous_card" ["["] "the card above, the card below";
        also NextCard "next_card" ["]"] "^";
        also Open "open" ["enter"] "open or fold the card";
        new FoldAll "fold_all" ["ctrl-x"] "open or fold all cards";
        also Copy "copy" ["y"] "copy the newest answer";
        new Suspend "suspend" ["ctrl-z"] "to the shell; fg comes back";
        also Help "help" ["?", "f1"] "" "help";
    }
    Picking "picking" "With something picked" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p"] "the piece above, the piece below" "pick";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n"] "^";
        also PageUp "page_up" ["pgup", "ctrl-u"] emacs ["pgup", "alt-v"] "";
        also PageDown "page_down" ["pgdn"] emacs ["pgdn", "ctrl-v"] "";
        also Copy "copy" ["y", "c"] emacs ["y", "c", "alt-w"] "copy it" "copy";
        new CopyOutput "copy_output" ["o"] "copy what the call gave back" "output";
        new CopyMessage "copy_message" ["Y"] "copy the whole message" "message";
        also Fork "fork" ["F"] "go another way from this message, in a new session" "fork" changes;
        also Open "open" ["enter", "space"] "open or fold it" "open";
        also Pager "pager" ["p"] emacs ["p", "|"] "show it in your pager" "pager";
        also Editor "editor" ["e"] "show it in your editor";
        also PreviousTurn "previous_turn" ["{", "alt-up"] "";
        also NextTurn "next_turn" ["}", "alt-down"] "";
        also Back "back" ["esc", "v", "q"] emacs ["esc", "v", "q", "ctrl-g"] "back to reading" "done";
        also Help "help" ["?"] "" "help";
    }
    Traces "traces" "Traces" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "older, newer";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also PageUp "page_up" ["pgup", "ctrl-u"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d", "ctrl-f"] emacs ["pgdn", "ctrl-v"] "";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "to the oldest";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "to the newest, and follow" "follow";
        also Open "open" ["enter"] "show one whole" "open";
        new Query "query" ["/"] "look for traces, by what they are and by words" "look for";
        new Outcome "outcome" ["f"] "all, denied, errors" "filter";
        new OnlyTool "only_tool" ["T"] "only the selected tool; again for all";
        new OnlySession "only_session" ["s"] "only this session; again for all";
        new OnlyMarked "only_marked" ["B"] "only those that are marked; again for all";
        new DropFilter "drop_filter" ["x"] "take the last filter away, all of them";
        new ClearFilters "clear_filters" ["X"] "^";
        new TurnTime "turn_time" ["t"] "where the time of its turn went" "turn";
        new Bookmark "bookmark" ["b"] "mark it to find it again; again takes the mark away" "mark" changes;
        also Copy "copy" ["c"] emacs ["c", "alt-w"] "copy it as JSON";
        also Dismiss "dismiss" ["d"] "what was lost is known";
        also NextPane "next_pane" ["tab"] "" "next pane";
        also Leave "leave" ["q"] "";
        also Back "back" ["esc", "i"] vim ["i", "a", "esc"] emacs ["esc", "i", "ctrl-g"] "back to writing" "back";
        also Command "command" [":"] "a command";
        also Help "help" ["?"] "" "help";
    }
    Sessions "sessions" "Sessions" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n"] "";
        also Open "open" ["enter"] "open the session" "open";
        new NewSession "new_session" ["n"] "make a new one" "new" changes;
        new Rename "rename" ["r"] "rename it" "rename" changes;
        new Remove "remove" ["d"] vim ["d d"] "remove it" "remove" changes;
        new Archive "archive" ["a"] vim ["z"] "put it away, or back" "archive" changes;
        also Undo "undo" ["u"] "undo what you did last in the console";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "";
        also NextPane "next_pane" ["tab"] "" "next pane";
        also Leave "leave" ["q"] "";
        also Back "back" ["esc", "i"] vim ["i", "a", "esc"] emacs ["esc", "i", "ctrl-g"] "back to writing" "write";
        also Command "command" [":"] "a command";
        also Help "help" ["?"] "" "help";
    }
    Jobs "jobs" "Jobs" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "the job above, the job below";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also PageUp "page_up" ["pgup", "ctrl-u"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "scroll what is told of it";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d", "ctrl-f"] emacs ["pgdn", "ctrl-v"] "^";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "";
        also Open "open" ["enter"] "its ledger, where there is no room beside; else the session it spoke to" "open";
        new AddJob "add_job" ["a"] "make a job or a reminder" "new" changes;
        new EditJob "edit_job" ["e"] "change it: when it is due, what it does" "edit" changes;
        new RunJob "run_job" ["r"] "run it now; its schedule stays as it is" "run now" changes;
        new RestJob "rest_job" ["s", "space"] "let it rest, or end its rest" "rest" changes;
        new Why "why" ["w"] "why it did or did not run" "why";
        also Remove "remove" ["d"] vim ["d d"] "remove it" "remove" changes;
        also Undo "undo" ["u"] "undo what you did last in the console";
    } with leaving
    Inbox "inbox" "What waits for you" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "what matters more, what matters less";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also PageUp "page_up" ["pgup", "ctrl-u"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d", "ctrl-f"] emacs ["pgdn", "ctrl-v"] "";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "";
        also Open "open" ["enter"] "to where it is answered: its card, its session; a reminder whole" "open";
        new Acknowledge "acknowledge" ["a"] "you have seen to it" "done" changes;
        new Snooze "snooze" ["s"] "again in 10 minutes, in an hour" "later" changes;
        new SnoozeLong "snooze_long" ["S"] "^" changes;
        also Choose1 "choose_1" ["1"] "answer the agent: that choice" changes;
        also Choose2 "choose_2" ["2"] "^" changes;
        also Choose3 "choose_3" ["3"] "^" changes;
        also Choose4 "choose_4" ["4"] "^" changes;
        also Choose5 "choose_5" ["5"] "^" changes;
        also Choose6 "choose_6" ["6"] "^" changes;
        also Choose7 "choose_7" ["7"] "^" changes;
        also Choose8 "choose_8" ["8"] "^" changes;
        also Dismiss "dismiss" ["d"] "put it away without seeing to it" "put away" changes;
        also Continue "continue" ["c"] "continue the turn that failed" changes;
        also RunJob "run_job" ["r"] "run the job that was missed or failed" changes;
        also RestJob "rest_job" ["p"] emacs ["P"] "end the rest of a job that was paused" changes;
        also Approve "approve" ["y"] "keep what waits to be remembered" changes;
        also Reject "reject" ["x"] "reject what waits to be remembered; its words go" changes;
        also EditMemory "edit_memory" ["e"] "keep it in your own words" changes;
        also Whose "whose" ["w"] "what waits for others too, where you may see that";
        also Undo "undo" ["u"] "undo what you did last in the console";
    } with leaving
    Terminals "terminals" "Terminals" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "the terminal above, the terminal below";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n"] "^";
        also First "first" ["home"] "";
        also Last "last" ["end"] "";
        also Open "open" ["enter"] "type into it" "type";
        new NewTerminal "new_terminal" ["a"] "open one: a shell in this folder" "new" changes;
        new TakeOver "take_over" ["t"] "take it over from the agent" "take over" changes;
        new HandBack "hand_back" ["b"] "hand it back to the agent" "hand back" changes;
        also PageUp "page_up" ["pgup", "ctrl-u"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "what scrolled away" "scroll";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d", "ctrl-f"] emacs ["pgdn", "ctrl-v"] "^";
        new Oldest "oldest" ["g"] vim ["g g"] emacs ["alt-<"] "to the oldest line, to the present";
        new Newest "newest" ["G"] vim ["G"] emacs ["alt->"] "^";
        also Find "find" ["/"] "find a text in it" "find";
        also NextHit "next_hit" ["n"] "the next place, the place before";
        also PreviousHit "previous_hit" ["N"] "^";
        also Copy "copy" ["y", "c"] emacs ["y", "c", "alt-w"] "copy what it shows; the mouse copies what it is dragged over";
        new EndProgram "end_program" ["x"] "end its program; what it wrote stays" "end" changes;
        also Remove "remove" ["d"] vim ["d d"] "end it and remove all that is kept of it" "remove" changes;
        also Undo "undo" ["u"] "undo what you did last in the console";
    } with leaving
    Memory "memory" "What is remembered" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "the entry above, the entry below";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also PageUp "page_up" ["pgup", "ctrl-u"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "scroll what is told of it";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d", "ctrl-f"] emacs ["pgdn", "ctrl-v"] "^";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "";
        also Right "right" ["right", "l"] "what is believed, what waits, all of it, topics" "next shelf";
        also Left "left" ["left", "h"] "^";
        also Query "query" ["/"] "look for words as you type them" "look for";
        also Outcome "outcome" ["f"] "only instructions, preferences, facts, context; all" "kind";
        new Whose "whose" ["w"] "your own, another user's, everybody's, where you may see that";
        also Open "open" ["enter"] "all that is known of it, where there is no room beside" "open";
        new AddMemory "add_memory" ["a"] "remember something" "remember" changes;
        new EditMemory "edit_memory" ["e"] "believe something else from now on; the old is kept" "edit" changes;
        new Approve "approve" ["y"] "let what waits count; it stays marked as untrusted" "approve" changes;
        new Reject "reject" ["x"] "reject what waits; its words go" "reject" changes;
        new PinTopic "pin_topic" ["p"] emacs ["P"] "keep a topic in every session, or no longer" "pin" changes;
        also Remove "remove" ["d"] vim ["d d"] "forget it" "forget" changes;
        also Undo "undo" ["u"] "undo what you did last in the console";
    } with leaving
    Users "users" "Users" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "the user above, below; in a page, the field";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also Right "right" ["right", "l"] "into the page, where things can be changed" "page";
        also Left "left" ["left", "h"] "back to the list";
        also Open "open" ["enter"] "into the page; there, write what is at hand" "open";
        new Freer "freer" ["+"] "give more of what is at hand" "freer" changes;
        new Stricter "stricter" ["-"] "give less of it" "stricter" changes;
        new AsRole "as_role" ["="] "as the role or the settings have it" "as role" changes;
        also Approve "approve" ["y"] "let in who waits at the door" "let in" changes;
        also Reject "reject" ["x"] "turn away who waits at the door" "turn away" changes;
        new LinkCode "link_code" ["c"] "a code that joins another peer to you" "code" changes;
        also Remove "remove" ["d"] vim ["d d"] "part the peer at hand from its user; press it twice" "part" changes;
        new KeepOut "keep_out" ["D"] "disable a user, or enable them again" "disable" changes;
        also PageUp "page_up" ["pgup", "ctrl-u"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "scroll what is told of them";
        also PageDown "page_down" ["pgdn"] vim ["pgdn", "ctrl-d", "ctrl-f"] emacs ["pgdn", "ctrl-v"] "^";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "";
    } with leaving
    MemoryWords "memory_words" "Looking for what is remembered" Writes {
        also Send "send" ["enter"] "to the list" "to the list";
        also Up "up" ["up", "ctrl-p"] "the entry above, the entry below";
        also Down "down" ["down", "ctrl-n"] "^";
        also Back "back" ["esc", "ctrl-c"] emacs ["esc", "ctrl-g", "ctrl-c"] "everything again" "everything";
        also Backspace "backspace" ["backspace", "ctrl-h"] "";
        also Delete "delete" ["del"] "";
        also Left "left" ["left"] "";
        also Right "right" ["right"] "";
        also WordLeft "word_left" ["alt-left", "alt-b", "ctrl-left"] "";
        also WordRight "word_right" ["alt-right", "alt-f", "ctrl-right"] "";
        also LineStart "line_start" ["home", "ctrl-a"] "";
        also LineEnd "line_end" ["end", "ctrl-e"] "";
        also CutWord "cut_word" ["ctrl-w", "alt-backspace"] "";
        also CutLine "cut_line" ["ctrl-u"] "";
        also CutEnd "cut_end" ["ctrl-k"] "";
    }
    Typing "typing" "Typing into a terminal" Writes {
        also Back "back" ["ctrl-] q", "ctrl-] esc", "ctrl-] enter"] "out of the terminal; its program goes on" "out";
        also TakeOver "take_over" ["ctrl-] t"] "take it over from the agent" "take over" changes;
        also HandBack "hand_back" ["ctrl-] b"] "hand it back to the agent" "hand back" changes;
        also PageUp "page_up" ["ctrl-] pgup", "shift-pgup"] "back to what scrolled away" "scroll back";
        also PageDown "page_down" ["ctrl-] pgdn", "shift-pgdn"] "forward again" "forward";
        also Find "find" ["ctrl-] /"] "find a text in it" "find";
        also NextHit "next_hit" ["ctrl-] n"] "the next place, the place before";
        also PreviousHit "previous_hit" ["ctrl-] N"] "^";
        also Copy "copy" ["ctrl-] y"] "copy what it shows";
        new NextTerminal "next_terminal" ["ctrl-] tab"] "the next terminal" "next";
        new SendPrefix "send_prefix" ["ctrl-] ctrl-]"] "ctrl-] itself, to the program" "ctrl-] itself";
        also Help "help" ["ctrl-] ?"] "" "help";
    }
    MemoryForm "memory_form" "Changing what is believed" Writes {
        also Send "send" ["enter"] "believe it from now on" "keep";
        also Down "down" ["tab", "down"] emacs ["tab", "down", "ctrl-n"] "the next line, the line before" "next line";
        also Up "up" ["shift-tab", "up"] emacs ["shift-tab", "up", "ctrl-p"] "^";
        also Back "back" ["esc", "ctrl-c"] emacs ["esc", "ctrl-g", "ctrl-c"] "close, nothing is done" "cancel";
        also Delete "delete" ["del"] emacs ["del", "ctrl-d"] "";
    } with editing
    JobForm "job_form" "Making a job" Writes {
        also Send "send" ["enter"] "show when it is due, then keep it" "next";
        also Down "down" ["tab", "down"] emacs ["tab", "down", "ctrl-n"] "the next line, the line before" "next line";
        also Up "up" ["shift-tab", "up"] emacs ["shift-tab", "up", "ctrl-p"] "^";
        also Back "back" ["esc", "ctrl-c"] emacs ["esc", "ctrl-g", "ctrl-c"] "close, nothing is done" "cancel";
        also Delete "delete" ["del"] emacs ["del", "ctrl-d"] "";
    } with editing
    Picker "picker" "Choosing a session" Writes {
        also Up "up" ["up", "ctrl-p"] vim ["up", "ctrl-p", "ctrl-k"] "";
        also Down "down" ["down", "ctrl-s"] vim ["down", "ctrl-j", "ctrl-s"] emacs ["down", "ctrl-n", "ctrl-s"] "";
        also Open "open" ["enter"] "open the session" "open";
        also NewSession "new_session" ["ctrl-n"] emacs ["ctrl-o"] "make a new one" "new" changes;
        also Rename "rename" ["ctrl-r"] "rename it" "rename" changes;
        also Remove "remove" ["ctrl-x"] emacs ["ctrl-k"] "remove it" "remove" changes;
        also Archive "archive" ["alt-a"] "put it away, or back" changes;
        also Backspace "backspace" ["backspace", "ctrl-h"] "";
        also CutLine "cut_line" ["ctrl-u"] "";
        also Back "back" ["esc", "ctrl-c"] emacs ["esc", "ctrl-g", "ctrl-c"] "close" "close";
    }
    Page "page" "In a window" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "scroll" "scroll";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also PageUp "page_up" ["pgup", "b"] vim ["pgup", "ctrl-u", "ctrl-b"] emacs ["pgup", "alt-v"] "";
        also PageDown "page_down" ["pgdn", "space"] vim ["pgdn", "ctrl-d", "ctrl-f", "space"] emacs ["pgdn", "ctrl-v", "space"] "";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "";
        also PreviousCard "previous_card" ["["] "";
        also NextCard "next_card" ["]"] "";
        also TurnTime "turn_time" ["t"] "";
        also Copy "copy" ["c"] "";
        also Back "back" ["esc", "q", "enter", "?", "ctrl-c"] emacs ["esc", "q", "enter", "?", "ctrl-g", "ctrl-c"] "close" "close";
    }
    Line "line" "In a line of text" Writes {
        also Send "send" ["enter"] "done" "done";
        also Back "back" ["esc", "ctrl-c"] emacs ["esc", "ctrl-g", "ctrl-c"] "close, nothing is done" "cancel";
        also Delete "delete" ["del"] emacs ["del", "ctrl-d"] "";
    } with editing
    Help "help" "In the help" Writes {
        also Up "up" ["up", "ctrl-p"] vim ["up", "ctrl-p", "ctrl-k"] "";
        also Down "down" ["down", "ctrl-n"] vim ["down", "ctrl-n", "ctrl-j"] "";
        also PageUp "page_up" ["pgup"] emacs ["pgup", "alt-v"] "scroll" "scroll";
        also PageDown "page_down" ["pgdn"] emacs ["pgdn", "ctrl-v"] "^";
        also First "first" ["home"] "";
        also Last "last" ["end"] "";
        also Backspace "backspace" ["backspace", "ctrl-h"] "";
        also CutWord "cut_word" ["ctrl-w", "alt-backspace"] "";
        also CutLine "cut_line" ["ctrl-u"] "";
        also Back "back" ["esc", "enter", "f1", "ctrl-c"] emacs ["esc", "enter", "f1", "ctrl-g", "ctrl-c"] "close" "close";
    }
    Palette "palette" "Finding anything" Writes {
        also Open "open" ["enter"] "do it" "do it";
        also Up "up" ["up", "ctrl-p"] vim ["up", "ctrl-p", "ctrl-k"] "" "choose";
        also Down "down" ["down", "ctrl-n"] vim ["down", "ctrl-n", "ctrl-j"] "^";
        also PageUp "page_up" ["pgup"] emacs ["pgup", "alt-v"] "";
        also PageDown "page_down" ["pgdn"] emacs ["pgdn", "ctrl-v"] "";
        also Backspace "backspace" ["backspace", "ctrl-h"] "";
        also Delete "delete" ["del"] "";
        also Left "left" ["left"] "";
        also Right "right" ["right"] "";
        also LineStart "line_start" ["home", "ctrl-a"] "";
        also LineEnd "line_end" ["end", "ctrl-e"] "";
        also CutWord "cut_word" ["ctrl-w", "alt-backspace"] "";
        also CutLine "cut_line" ["ctrl-u"] "";
        also Back "back" ["esc", "ctrl-c"] emacs ["esc", "ctrl-g", "ctrl-c"] "close" "close";
    }
    CommandLine "command_line" "In the command line" Writes {
        also Send "send" ["enter"] "do it" "do it";
        new Complete "complete" ["tab"] "complete" "complete";
        new CompleteBack "complete_back" ["shift-tab"] "";
        also Up "up" ["up", "ctrl-p"] "what was said before" "before";
        also Down "down" ["down", "ctrl-n"] "^";
        also Back "back" ["esc", "ctrl-c"] emacs ["esc", "ctrl-g", "ctrl-c"] "close" "close";
        also Delete "delete" ["del"] "";
    } with editing
    Waterfall "waterfall" "Where the time of a turn went" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "the step before, the next" "step";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also First "first" ["home", "g"] vim ["g g", "home"] emacs ["home", "alt-<"] "";
        also Last "last" ["end", "G"] vim ["G", "end"] emacs ["end", "alt->"] "";
        also Open "open" ["enter"] "the trace of the step" "its trace";
        also Back "back" ["esc", "q", "t", "ctrl-c"] emacs ["esc", "q", "t", "ctrl-g", "ctrl-c"] "close" "close";
    }
    Lab "lab" "In the policy lab" Keys {
        also Up "up" ["up", "k"] emacs ["up", "ctrl-p", "p"] "the rule before, the next" "rule";
        also Down "down" ["down", "j"] emacs ["down", "ctrl-n", "n"] "^";
        also Left "left" ["left", "h"] "how far it reaches" "reach";
        also Right "right" ["right", "l"] "^";
        new Holds "holds" ["x"] "how long it holds" "holds";
        new EditRule "edit_rule" ["e"] "write the rule as you want it" "edit";
        also PageUp "page_up" ["pgup"] "";
        also PageDown "page_down" ["pgdn"] "";
        new Keep "keep" ["enter"] "allow the call and keep the rule" "allow and keep" changes;
        also Back "back" ["esc", "q", "ctrl-c"] emacs ["esc", "q", "ctrl-g", "ctrl-c"] "back to the card, nothing is done" "back";
    }
    Question "question" "Asked to be sure" Keys {
        new Yes "yes" ["y"] "yes" "yes";
        also Back "back" ["n", "esc", "ctrl-c"] emacs ["n", "esc", "ctrl-g", "ctrl-c"] "no" "no";
    }
    Everywhere "everywhere" "Everywhere" Writes {
        new Palette "palette" ["ctrl-p"] emacs ["alt-x"] "find and do anything" "find";
        also Help "help" ["f1"] "these keys; ? too, while nothing is written" "help";
        new Stop "stop" ["ctrl-c"] "interrupt the agent; twice leaves";
        also Leave "leave" ["ctrl-d"] emacs ["ctrl-x ctrl-c"] "leave; the daemon and its work go on" "leave";
        new FocusCard "focus_card" ["ctrl-a"] emacs ["ctrl-x a"] "to the approval that waits";
        new NextWaiting "next_waiting" ["ctrl-g"] emacs ["ctrl-x w"] "to the next thing that waits for you";
        new Mode "mode" ["shift-tab", "ctrl-o"] "how much may happen without asking" changes;
        new PickSession "pick_session" ["ctrl-s"] emacs ["ctrl-x b"] "choose a session" "sessions";
        also NewSession "new_session" ["ctrl-n"] emacs ["ctrl-x ctrl-f"] "new session; asks for its folder" changes;
        new SearchSessions "search_sessions" ["alt-/"] emacs ["ctrl-x /", "alt-/"] "what was said in all sessions";
        also Continue "continue" ["ctrl-r"] "continue a turn that was stopped" changes;
        new TraceScreen "trace_screen" ["ctrl-t"] emacs ["ctrl-x t"] "traces over the whole screen, and back" "traces";
        new TracePane "trace_pane" ["ctrl-y"] emacs ["ctrl-x 3"] "show or hide the traces at the side";
        also Undo "undo" ["ctrl-_", "ctrl-7", "ctrl-/"] "undo what you did last in the console";
        also FoldAll "fold_all" ["ctrl-x"] emacs ["ctrl-x f"] "open or fold all cards";
        also Command "command" ["alt-:"] "a command; : too, while nothing is written";
        new Mouse "mouse" ["f2"] "the mouse to the terminal, and back";
        also Suspend "suspend" ["ctrl-z"] "to the shell; fg comes back";
        new InboxScreen "inbox_screen" ["alt-i", "f3"] emacs ["ctrl-x i", "alt-i", "f3"] "what waits for you, and back" "inbox";
        new TerminalScreen "terminal_screen" ["alt-t", "f5"] emacs ["ctrl-x o", "alt-t", "f5"] "terminals, and back" "terminals";
        new JobScreen "job_screen" ["alt-j", "f4"] emacs ["ctrl-x j", "alt-j", "f4"] "jobs and reminders, and back" "jobs";
        new MemoryScreen "memory_screen" ["alt-m", "f6"] emacs ["ctrl-x m", "alt-m", "f6"] "what is remembered, and back" "memory";
        new UserScreen "user_screen" ["alt-u", "f8"] emacs ["ctrl-x p", "alt-u", "f8"] "users, and back" "users";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::{Chosen, Keymap, Preset};
    use super::*;

    #[test]
    fn no_preset_has_a_key_for_two_actions_of_a_place_or_a_letter_where_one_writes() {
        for preset in Preset::ALL {
            // All its keys, as if a person had chosen them.
            let mut chosen = Chosen::new();
            for bound in Keymap::new(preset, &Chosen::new()).bound() {
                let keys = bound.keys.iter().map(ToString::to_string).collect();
                let place = chosen
                    .entry(bound.line.place.name().to_owned())
                    .or_default();
                let twice = place.insert(bound.line.name.to_owned(), keys);
                assert!(twice.is_none(), "{} stands twice", bound.line.name);
            }
            let found = super::super::check(preset, &chosen);
            assert!(found.is_empty(), "{preset:?}: {found:?}");
        }
    }

    #[test]
    fn an_action_has_one_name_and_every_key_is_one() {
        let mut names = HashMap::new();
        for line in TABLE {
            assert_eq!(line.action.name(), line.name);
            let other = names.insert(line.name, line.action);
            assert!(
                other.is_none_or(|other| other == line.action),
                "{}",
                line.name
            );
            let presets = line.vim.iter().chain(line.emacs).copied().flatten();
            for key in line.keys.iter().chain(presets) {
                assert_eq!(super::super::Chord::parse(key).err(), None, "{key}");
            }
        }
    }
}
