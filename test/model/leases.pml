/*
 * Copyright (c) 2026 The strait authors
 *
 * Distributed under the Boost Software License, Version 1.0.
 */

/* Leases: links that are parked by whoever they were given to, and taken up again by number.

   The giver has the receiver of channel X at first, a sender of X, and link V to a receiver Y in another
   process, the target. It sends SENDS messages through V, each with a sender of X: by a new link, or by
   the number of one that is parked. Sends may be called off; X may move, by itself or in the same
   message; Y may move once, to a second target. Users of the targets keep messages as they are, decode
   or drop them, send, and drop senders. The giver and the targets may be killed between any two steps,
   KILLS times in all. docs/design/model.md has the properties, the functions that are meant, and what each
   mutation breaks.

   Configurations: KILLS, SENDS, MOVE_X, MOVE_Y, WAITS (the giver keeps V open until X has ended), KEEPS
   (a target's user keeps a message for ever). */

#define NK 2
#ifndef KILLS
#define KILLS 1
#endif
#ifndef SENDS
#define SENDS 3
#endif

#define NEW 1       /* a message with the sending side of link k */
#define LEASED 2    /* a message with the number of link k */
#define UNUSED 3    /* a frame: the number of link k, which was taken up, will not be used */
#define OTHER 4     /* a message with attachments, but no sender; its user keeps it for ever */

#define MSG 1
#define PARK 2

byte kills = 0;
#ifdef LTL
bit called_off = 0;  /* a move of X */
#endif

/* V: what lies in it; its sending side; its receiving side. A frame may use room that data may not. */
chan v = [3] of { byte, byte };
bit v_sends = 1, v_receives = 1;

/* Links of X that were given away. The receiving side is open while X knows the link. */
chan s[NK] = [2] of { byte };
bit side[NK];           /* somebody has the sending side */
bit made[NK], known[NK], parked[NK], orphan[NK];
bit own = 1;            /* the giver's own sender of X, on a link of its own */
bit x_here = 1, x_stopped, x_over, x_gone;

/* What must be true: a sender of the link is in use or in a message; messages on their way to X. */
bit alive[NK];
byte sent, got;

/* Y: where it is, its table of parked links, and the first message in its line. */
byte at = 0;
bit y_gone, y_over, second_dead;
bit table[NK];
byte line_kind, line_k;
bit line_has;           /* the message has its link, and not only the number */

/* The users of both targets: a message that is not decoded yet, and senders. */
byte kept_kind[2], kept_k[2];
bit kept_has[2];
bit keeps_other;
bit using0[NK], using1[NK];
#define USING(p, k) ((p == 0 && using0[k]) || (p == 1 && using1[k]))

#define KILL kills < KILLS -> kills++

/* The sending side of a link is closed. */
inline close_side(k) {
    side[k] = 0; alive[k] = 0
}

/* The receiving side: what lies in it is gone. */
inline forget_link(k) {
    known[k] = 0; parked[k] = 0; orphan[k] = 0;
    do :: len(s[k]) != 0 -> s[k]?x; if :: x == MSG -> got++ :: else fi :: len(s[k]) == 0 -> break od;
    x = 0
}

/* Y is gone, or its process: messages that nobody reads close what they have. */
inline drop_v() {
    v_receives = 0;
    do
    :: len(v) != 0 -> v?x, i; if :: x == NEW -> close_side(i) :: else fi
    :: len(v) == 0 -> break
    od;
    x = 0; i = 0;
    do
    :: i < NK -> if :: table[i] -> table[i] = 0; close_side(i) :: else fi; i++
    :: i == NK -> break
    od;
    i = 0;
    if :: line_kind != 0 && line_kind != OTHER && side[line_k] -> close_side(line_k) :: else fi;
    line_kind = 0; line_k = 0; line_has = 0
}

/* link_receiver::freeze: parked links do not travel. */
inline stop_x() {
    x_stopped = 1; i = 0;
    do
    :: i < NK ->
#ifndef PARKED_TRAVELS
        if :: parked[i] -> forget_link(i) :: else fi;
#else
        parked[i] = 0;
#endif
        i++
    :: i == NK -> break
    od;
    i = 0
}

/* get_cargo: at the new owner nobody can take up a link. */
inline x_arrives() {
    x_stopped = 0; x_here = 0;
    orphan[0] = known[0]; orphan[1] = known[1]
}

/* outgoing_message::revoke, send_link::take_back, link_receiver::give_back */
inline give_back() {
    if
    :: kind == NEW -> close_side(k)
    :: kind == LEASED && x_here && !x_stopped && known[k] -> parked[k] = 1; alive[k] = 0
    :: kind == LEASED && !(x_here && !x_stopped && known[k]) ->
#ifndef NOT_SAID
        if :: v_receives -> v!UNUSED, k :: !v_receives -> alive[k] = 0 fi
#else
        skip
#endif
    fi
}

active proctype Giver() {
    byte k = 0, n = 0, kind = 0, x = 0, i = 0;
    bit with_x = 0;
again:
    do
    :: atomic { n < SENDS && x_here && !x_stopped ->
            n++;
            /* send_link::extend, link_receiver::take_up and adopt_here */
            if
            :: parked[0] -> k = 0; kind = LEASED
            :: !parked[0] && parked[1] -> k = 1; kind = LEASED
            :: !parked[0] && !parked[1] && !made[0] -> k = 0; kind = NEW
            :: !parked[0] && !parked[1] && made[0] && !made[1] -> k = 1; kind = NEW
            :: !parked[0] && !parked[1] && made[0] && made[1] -> k = 0; kind = 0; goto again
            fi;
            alive[k] = 1;
            if
            :: kind == NEW -> made[k] = 1; known[k] = 1; side[k] = 1
#ifndef STAYS_PARKED
            :: kind == LEASED -> parked[k] = 0
#else
            :: kind == LEASED
#endif
            fi
        }
        if
        :: skip
#ifdef MOVE_X
        :: atomic { x_here && !x_stopped -> stop_x(); with_x = 1 }
#endif
        fi;
        if
        :: atomic { v_receives && len(v) < 2 ->
                v!kind, k;
                if :: with_x -> x_arrives() :: else fi
            }
        :: atomic { true ->       /* called off, or the target is gone */
#ifdef GIVE_BACK_FIRST
                give_back();
                if :: with_x -> x_stopped = 0 :: else fi
#else
                if :: with_x -> x_stopped = 0 :: else fi;
                give_back()
#endif
            }
        :: atomic { KILL; goto dead }
        fi;
        atomic { k = 0; kind = 0; with_x = 0 }
#ifdef KEEPS
    :: atomic { n < SENDS && v_receives && len(v) < 2 -> n++; v!OTHER, 0 }
#endif
    :: atomic { !x_stopped || !x_here -> break }
    :: atomic { KILL; goto dead }
    od;
    /* The value with the sender is consumed, or its sender closed. */
    atomic { own = 0 }
#ifdef WAITS
    if
    :: x_over || x_gone
    :: atomic { KILL; goto dead }
    fi;
#endif
    atomic { v_sends = 0; goto out }
dead:
    atomic {
        if :: kind == NEW -> close_side(k) :: else fi;
        own = 0; v_sends = 0;
        if
        :: x_here || with_x ->
            x_gone = 1;
            i = 0;
            do :: i < NK -> forget_link(i); i++ :: i == NK -> break od;
            i = 0
        :: !x_here && !with_x
        fi
    }
out:
    skip
}

/* The receiver of X, wherever it is. */
inline x_reads(k) {
    if
    :: len(s[k]) != 0 ->
        s[k]?x;
        if
        :: x == MSG -> assert(!parked[k]); got++
        :: x == PARK ->
            /* inbox::advance */
            assert(!parked[k]);
            if
            :: orphan[k] -> forget_link(k)
            :: !orphan[k] -> parked[k] = 1
            fi
        fi;
        x = 0
    :: len(s[k]) == 0 -> assert(!side[k]); forget_link(k)
    fi
}

#define X_READABLE(k) (known[k] && (len(s[k]) != 0 || !side[k]))
#ifndef PARKED_COUNTS
#define X_LIVE(k) (known[k] && !parked[k])
#else
#define X_LIVE(k) (known[k])
#endif

active proctype X() {
    byte x = 0, i = 0;
    do
    :: atomic { !x_gone && !x_stopped && X_READABLE(0) -> x_reads(0) }
    :: atomic { !x_gone && !x_stopped && X_READABLE(1) -> x_reads(1) }
    :: atomic { !x_gone && !x_stopped && !own && !X_LIVE(0) && !X_LIVE(1) ->
            /* inbox::next says that this is the end: C5, C3 */
            assert(!alive[0] && !alive[1]);
            assert(sent == got);
            x_over = 1;
            break
        }
#ifdef MOVE_X
    :: atomic { x_here && !x_gone && !x_stopped -> stop_x() }
        if
        :: atomic { x_gone -> break }
#ifdef LTL
        :: atomic { !x_gone && !called_off -> x_stopped = 0; called_off = 1 }  /* not for ever */
#else
        :: atomic { !x_gone -> x_stopped = 0 }
#endif
        :: atomic { !x_gone -> x_arrives() }
        fi
#endif
    :: atomic { x_gone -> break }
    od
}

/* A message leaves the line. */
inline claim(p) {
    kept_has[p] = line_has;
#ifdef LINE_FORGOTTEN
    if
    :: line_kind == LEASED && !line_has -> assert(table[line_k]); table[line_k] = 0; kept_has[p] = 1
    :: else
    fi
#endif
}

/* message_reader::take_sender: what was handed over can be used, C3 and C6. */
inline decode(p) {
    k = kept_k[p];
    if
    :: kept_kind[p] == LEASED && !kept_has[p] -> assert(p == at && v_receives && table[k]); table[k] = 0
    :: else
    fi;
    assert(side[k]); assert(!using0[k] && !using1[k]);
    if :: p == 0 -> using0[k] = 1 :: p == 1 -> using1[k] = 1 fi;
    kept_kind[p] = 0; kept_k[p] = 0; kept_has[p] = 0; k = 0
}

/* incoming_message::discard_leased */
inline drop(p) {
    k = kept_k[p];
#ifdef DROP_KEEPS
    if
    :: kept_kind[p] == LEASED && p == at && v_receives -> table[k] = 1
    :: !(kept_kind[p] == LEASED && p == at && v_receives) -> close_side(k)
    fi;
#else
    if
    :: kept_has[p] || kept_kind[p] == NEW -> close_side(k)
    :: !kept_has[p] && kept_kind[p] == LEASED && table[k] -> table[k] = 0; close_side(k)
    :: else
    fi;
#endif
    kept_kind[p] = 0; kept_k[p] = 0; kept_has[p] = 0; k = 0
}

/* send_link::leave and write_park: said and put away under the table's mutex, or closed. */
#define CAN_PARK(p) (p == at && v_receives && known[k] && len(s[k]) < 2)
inline leave(p) {
    if :: p == 0 -> using0[k] = 0 :: p == 1 -> using1[k] = 0 fi;
    if
#ifndef ANNOUNCED_FIRST
    :: CAN_PARK(p) -> s[k]!PARK; alive[k] = 0; table[k] = 1
#else
    /* by a thread that is not the one that receives */
    :: CAN_PARK(p) -> s[k]!PARK; alive[k] = 0; puts = k + 1
#endif
    :: !CAN_PARK(p) -> close_side(k)
    fi
}

/* link_receiver::process_news, when V has ended: what is parked is closed. */
inline remove_v() {
    v_receives = 0; y_over = 1;
    i = 0;
    do
    :: i < NK ->
        if
#ifndef TABLE_KEPT
        :: table[i] -> table[i] = 0; close_side(i)
#else
        :: table[i] && !keeps_other -> table[i] = 0; close_side(i)
#endif
        :: else
        fi;
        i++
    :: i == NK -> break
    od;
    i = 0
}

proctype Target(byte p) {
    byte k = 0, x = 0, i = 0;
    byte puts = 0;
end:
    do
    /* the inbox reads, when the line is empty and somebody waits */
    :: atomic { at == p && v_receives && line_kind == 0 && len(v) != 0 ->
            v?x, i;
            if
            :: x == UNUSED -> assert(table[i]); table[i] = 0; close_side(i)
            :: x != UNUSED ->
                line_kind = x; line_k = i;
#if !defined(LATE_CLAIM) && !defined(LINE_FORGOTTEN)
                /* link_receiver::fetch, take_leased_links: from here on the link is the message's */
                if :: x == LEASED -> assert(table[i]); table[i] = 0; line_has = 1 :: else fi
#endif
            fi;
            x = 0; i = 0
        }
    :: atomic { at == p && v_receives && len(v) == 0 && !v_sends -> remove_v() }
    /* the user */
#ifdef KEEPS
    :: atomic { at == p && line_kind == OTHER -> line_kind = 0; keeps_other = 1 }
#endif
    :: atomic { at == p && line_kind != 0 && line_kind != OTHER && kept_kind[p] == 0 ->
            claim(p);
            kept_kind[p] = line_kind; kept_k[p] = line_k;
            line_kind = 0; line_k = 0; line_has = 0
        }
    :: atomic { kept_kind[p] != 0 -> decode(p) }
    :: atomic { kept_kind[p] != 0 -> drop(p) }
    :: atomic { USING(p, 0) && sent < 2 && len(s[0]) < 2 && known[0] -> s[0]!MSG; sent++ }
    :: atomic { USING(p, 0) -> k = 0; leave(p); k = 0 }
    :: atomic { USING(p, 1) -> k = 1; leave(p); k = 0 }
#ifdef ANNOUNCED_FIRST
    :: atomic { puts != 0 -> table[puts - 1] = 1; puts = 0 }
#endif
#ifdef MOVE_Y
    /* link_receiver::freeze to link_receiver::make: unread messages, parked links, and V itself */
    :: atomic { p == 0 && at == 0 && !y_gone -> at = 1;
#ifdef TABLE_STAYS
            i = 0;
            do :: i < NK -> if :: table[i] -> table[i] = 0; close_side(i) :: else fi; i++
            :: i == NK -> break od;
            i = 0;
#endif
            if
            :: second_dead -> y_gone = 1; drop_v()
            :: !second_dead
            fi
        }
#endif
    :: atomic { KILL;
            i = 0;
            do
            :: i < NK -> if :: USING(p, i) || (kept_has[p] && kept_k[p] == i) ||
                    (kept_kind[p] == NEW && kept_k[p] == i) -> close_side(i) :: else fi; i++
            :: i == NK -> break
            od;
            i = 0;
            if :: p == 1 -> second_dead = 1 :: p == 0 fi;
            if :: p == 0 -> using0[0] = 0; using0[1] = 0 :: p == 1 -> using1[0] = 0; using1[1] = 0 fi;
            kept_kind[p] = 0; kept_k[p] = 0; kept_has[p] = 0;
            if :: at == p && !y_gone -> y_gone = 1; drop_v() :: else fi;
            break
        }
    od
}

init {
    atomic {
        run Target(0);
#ifdef MOVE_Y
        run Target(1)
#endif
    }
}

#ifdef LTL
ltl c5 { <> (x_over || x_gone) }
#endif
