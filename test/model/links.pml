/*
 * Copyright (c) 2026 The strait authors
 *
 * Distributed under the Boost Software License, Version 1.0.
 */

/* Order across links, adoption, a receiver that moves, and the end of a channel.

   A channel with up to three sending processes, each with its link: A has link 0. It sends message 0,
   gives a sender to B (link 1), sends message 1. B sends message 2 in two fragments, which it may
   cancel, and gives a sender to C (link 2), which sends message 3. Any of them may be killed between
   any two system calls, KILLS times in all. The receiver may move MOVES times; a move may be called
   off. docs/design/model.md has the properties, the functions that are meant, and what each mutation
   breaks.

   Configurations: KILLS, MOVES, LOCAL (A is in the receiver's process and adopts directly),
   RECEIVER_DIES. */

#ifdef THREE
#define NL 3
#else
#define NL 2
#endif
#define NM 4
#ifndef KILLS
#define KILLS 2
#endif
#ifndef MOVES
#define MOVES 1
#endif

#define FIRST 50    /* + message: its first fragment; without: the whole of it, or the last */
#define VOID_ 90    /* a withdraw frame */
#define ADOPT 100   /* + link: an adopt frame */
#ifdef THREE
#define SPLIT 9     /* none */
#else
#define SPLIT 2     /* the message that comes in two fragments */
#endif

/* What the system has: the bytes of each link, the handles of its sending side, and the clock, which
   only has to tell stamps apart. An adopt frame may use room that data may not. */
chan q[NL] = [3] of { byte };
byte hold[NL];
byte clk = 1;
byte stamp[NM];
byte kills = 0;
bit used[NL];               /* the link was made */
bit dead_b, dead_c, receiver_gone;

/* Where messages with a sender in them lie unread. */
chan to_b = [1] of { byte };
chan to_c = [1] of { byte };

/* What is true of the messages: sent, taken, called off, and what had been sent before each began. */
byte done, taken, called_off;
byte must[NM];

/* The receiver: inbox::link, inbox, receiver_base. */
bit known[NL], pending[NL], ended[NL];
chan ahead[NL] = [3] of { byte };   /* read, not looked at */
byte head[NL];                      /* message + 1 */
byte head_stamp[NL], clear_at[NL], not_before[NL], marker_at[NL], marker[NL];
byte half[NL];                      /* message + 1 of which there is the first fragment */
byte round, line;
bit moving, over;
byte moves;

#define DIE(where) kills < KILLS -> kills++; goto where
#define BIT(m) (1 << (m))

/* The clock reads differently before and after each stamp, and counts nothing else. */
#define NOW (2 * clk)
#define NEXT_STAMP (2 * clk + 1)

/* Nothing of a process that is killed is undone but by the system, which closes what it has. */
#ifdef LOCAL
#define DIE_A(where) moves != 0 && kills < KILLS -> kills++; goto where
#else
#define DIE_A(where) DIE(where)
#endif

/* send_link::write_once: the stamp is taken under the link's mutex, when there is room, and the frame is
   written in one piece. That a send begins as late as it can asks most of the order. */
#define WRITE_LAST(m, l, BEGINS, D, dead) \
    if \
    :: atomic { receiver_gone -> goto dead } \
    :: atomic { !receiver_gone && len(q[l]) < 2 -> BEGINS; stamp[m] = NEXT_STAMP; clk++ } \
    :: atomic { D(dead) } \
    fi; \
    if \
    :: atomic { receiver_gone -> goto dead } \
    :: atomic { !receiver_gone -> q[l]!m; done = done | BIT(m) } \
    fi

/* send_link::write_adopt. A receiver that is gone is no error. */
#define WRITE_ADOPT(via, l, D, dead) \
    if \
    :: atomic { receiver_gone } \
    :: atomic { !receiver_gone && nfull(q[via]) -> q[via]!ADOPT + l } \
    :: atomic { D(dead) } \
    fi

#define BEGIN(m) must[m] = done

proctype A() {
    bit was_here;
    WRITE_LAST(0, 0, BEGIN(0), DIE_A, die);
    /* send_link::extend */
    atomic { used[1] = 1; hold[1] = 1 }
#ifdef MESSAGE_FIRST
    if :: atomic { !dead_b -> to_b!1 } :: atomic { dead_b -> hold[1] = 0 } fi;
    WRITE_ADOPT(0, 1, DIE_A, die);
#else
#ifdef LOCAL
    /* link_receiver::adopt_here */
#ifdef STALE_DIRECT
    /* It looks before it has the mutex, and what it gives to a receiver that has moved is lost. */
    if
    :: atomic { moves == 0 && !moving && !receiver_gone -> was_here = 1 }
    :: atomic { moves != 0 || moving || receiver_gone }
    fi;
    if
    :: atomic { was_here && moves == 0 && !moving -> known[1] = 1; pending[1] = 1; goto tell }
    :: atomic { was_here && (moves != 0 || moving) -> goto tell }
    :: atomic { !was_here }
    fi;
#else
    atomic {
        if
        :: moves == 0 && !moving && !receiver_gone -> known[1] = 1; pending[1] = 1; goto tell
        :: moves != 0 || moving || receiver_gone
        fi
    }
#endif
#endif
    WRITE_ADOPT(0, 1, DIE_A, die_with_link);
tell:
    if
    :: atomic { !dead_b -> to_b!1 }
    :: atomic { dead_b -> hold[1] = 0 }
    :: atomic { DIE_A(die_with_link) }
    fi;
#endif
#ifndef THREE
    WRITE_LAST(1, 0, BEGIN(1), DIE_A, die);
#endif
    goto die;
die_with_link:
    hold[1] = 0;
die:
    hold[0] = 0
}

proctype B() {
    if
    :: to_b?_
    :: atomic { DIE(gone) }
    :: atomic { timeout -> goto gone }
    fi;
#ifdef THREE
    WRITE_LAST(2, 1, BEGIN(2), DIE, die);
    atomic { used[2] = 1; hold[2] = 1 }
    WRITE_ADOPT(1, 2, DIE, die_with_link);
    if
    :: atomic { !dead_c -> to_c!2 }
    :: atomic { dead_c -> hold[2] = 0 }
    :: atomic { DIE(die_with_link) }
    fi;
    goto die;
die_with_link:
    hold[2] = 0;
#else
    if
    :: atomic { receiver_gone -> goto die }
    :: atomic { !receiver_gone && len(q[1]) < 2 -> BEGIN(SPLIT); q[1]!FIRST + SPLIT }
    :: atomic { DIE(die) }
    fi;
    if
    :: skip;
        WRITE_LAST(SPLIT, 1, skip, DIE, die)
    :: atomic { called_off = called_off | BIT(SPLIT) }
        /* send_link::write_all: a withdraw frame may use the reserve, so it need not wait for room. */
        if
        :: atomic { receiver_gone -> goto die }
#ifndef NO_WITHDRAW
        :: atomic { !receiver_gone && nfull(q[1]) -> q[1]!VOID_ }
#else
        :: atomic { !receiver_gone && nfull(q[1]) -> q[1]!SPLIT }
#endif
        :: atomic { DIE(die) }
        fi
    fi;
#endif
die:
    hold[1] = 0;
gone:
    atomic { dead_b = 1; if :: nempty(to_b) -> to_b?_; hold[1] = 0 :: empty(to_b) fi }
}

#ifdef THREE
proctype C() {
    if
    :: to_c?_
    :: atomic { DIE(gone) }
    :: atomic { timeout -> goto gone }
    fi;
    WRITE_LAST(3, 2, BEGIN(3), DIE, die);
die:
    hold[2] = 0;
gone:
    atomic { dead_c = 1; if :: nempty(to_c) -> to_c?_; hold[2] = 0 :: empty(to_c) fi }
}
#endif

/* What a poller would tell of. */
#define READABLE(l) (known[l] && (len(q[l]) != 0 || hold[l] == 0))

/* inbox::add, by way of link_receiver::process_news. */
inline adopt(l) {
    known[l] = 1;
#ifndef NEW_NOT_READ
    pending[l] = 1;
#endif
}

/* inbox::remove */
inline remove(l) {
    known[l] = 0; pending[l] = 0; head[l] = 0; half[l] = 0;
    head_stamp[l] = 0; clear_at[l] = 0; not_before[l] = 0; marker[l] = 0; marker_at[l] = 0
}

/* inbox::advance and link_reader::next. What an adopt frame brings is known before anything else is
   done. */
inline advance(l) {
    pending[l] = 0;
    do
    :: head[l] != 0 -> break
    :: head[l] == 0 && nempty(ahead[l]) ->
        ahead[l]?x;
        if
        :: x >= ADOPT -> adopt(x - ADOPT)
        :: x == VOID_ -> assert(half[l] != 0); half[l] = 0
        :: x >= FIRST && x < VOID_ -> half[l] = x - FIRST + 1
        :: x < FIRST ->
            assert(x == SPLIT -> half[l] == x + 1 : half[l] == 0);
            half[l] = 0;
            /* link_reader::on_data: a stamp is believed from the last moment when its bytes were
               not there. An honest one may be older, since it is taken before the write. */
            head[l] = x + 1;
            head_stamp[l] = (stamp[x] < not_before[l] -> not_before[l] : stamp[x]);
            not_before[l] = head_stamp[l]
        fi
    :: head[l] == 0 && empty(ahead[l]) ->
        if
        :: ended[l] -> remove(l)
        :: !ended[l] && clear_at[l] < round -> pending[l] = 1
        :: else
        fi;
        break
    od;
    x = 0
}

/* inbox::on_nothing */
inline on_nothing(l) {
    clear_at[l] = round; marker[l] = 0; pending[l] = 0;
    if :: head[l] == 0 && not_before[l] < round -> not_before[l] = round :: else fi
}

/* link_receiver::read_link, and accept_read with inbox::on_read and on_end. A read stops behind a
   frame with handles, and tells nothing then of what lies behind it: `filled`. */
inline read(l) {
    filled = 0; count = 0;
    if
    :: empty(q[l]) && hold[l] != 0 -> on_nothing(l)
    :: empty(q[l]) && hold[l] == 0 ->
        ended[l] = 1;
        if :: head[l] == 0 -> advance(l) :: else fi
    :: nempty(q[l]) ->
        if :: not_before[l] < clear_at[l] -> not_before[l] = clear_at[l] :: else fi;
        do
        :: nempty(q[l]) && !filled ->
            q[l]?x; ahead[l]!x; count++;
            if :: x >= ADOPT -> filled = 1 :: else fi
        :: empty(q[l]) || filled -> break
        od;
        x = 0;
#ifdef SHORT_READ_PROVES
        filled = 0;
#endif
        if
        :: !filled -> clear_at[l] = round; marker[l] = 0
        :: filled && marker[l] != 0 ->
            marker[l] = (marker[l] > count -> marker[l] - count : 0);
            if
            :: marker[l] == 0 && clear_at[l] < marker_at[l] -> clear_at[l] = marker_at[l]
            :: else
            fi
        :: else
        fi;
#ifdef EAGER_END
        if :: empty(q[l]) && hold[l] == 0 -> ended[l] = 1; half[l] = 0;
            do :: nempty(ahead[l]) -> ahead[l]?x :: empty(ahead[l]) -> break od :: else fi;
#endif
        advance(l)
    fi;
    count = 0;
    asks = filled && known[l] && marker[l] == 0 && clear_at[l] < round;
    filled = 0
}

/* link_receiver::accept_read: how much lies in it, asked after the read. */
inline ask_unread(l) {
    asks = 0;
    marker_at[l] = round; marker[l] = len(q[l]);
    if :: marker[l] == 0 -> on_nothing(l) :: else fi
}

#define OLD(l) (head[l] != 0 && head_stamp[l] < round)
#define AT(l, time) (head[l] != 0 && head_stamp[l] == (time))
#ifdef THREE
#define PENDING (pending[0] || pending[1] || pending[2])
#define LIVE (known[0] + known[1] + known[2])
#define HEADS ((head[0] != 0) + (head[1] != 0) + (head[2] != 0))
#define SOME_OLD (OLD(0) || OLD(1) || OLD(2))
#define SOME_AT(time) (AT(0, time) || AT(1, time) || AT(2, time))
#define SOME_READABLE (READABLE(0) || READABLE(1) || READABLE(2))
#else
#define PENDING (pending[0] || pending[1])
#define LIVE (known[0] + known[1])
#define HEADS ((head[0] != 0) + (head[1] != 0))
#define SOME_OLD (OLD(0) || OLD(1))
#define SOME_AT(time) (AT(0, time) || AT(1, time))
#define SOME_READABLE (READABLE(0) || READABLE(1))
#endif

inline least() {
    l = 0; i = NL;
    do
    :: l < NL ->
        if
        :: head[l] != 0 ->
            if :: i == NL -> i = l :: i != NL && head_stamp[l] < head_stamp[i] -> i = l :: else fi
        :: else
        fi;
        l++
    :: else -> break
    od;
    l = i; i = 0
}

/* The message leaves the line, for the user: C1, C2, C7. */
inline take() {
    x = line - 1; line = 0;
    assert(!(taken & BIT(x)));
    assert(done & BIT(x));
    assert(!(called_off & BIT(x)));
    assert((must[x] & ~taken) == 0);
    taken = taken | BIT(x);
    must[x] = 0; stamp[x] = 0; x = 0
}

/* C5, C3: nothing can come any more, and all that was sent was received. */
inline end() {
    l = 0;
    do
    :: l < NL -> assert(!used[l] || hold[l] == 0); assert(!used[l] || empty(q[l])); l++
    :: else -> break
    od;
    l = 0;
    assert(done == taken);
    over = 1
}

/* link_receiver::freeze and restore, inbox::take_links and restore, put_cargo and get_cargo. */
inline arrive() {
    x = NOW - gone_at;
    round = 0; l = 0;
    do
    :: l < NL ->
        clear_at[l] = 0; marker[l] = 0; pending[l] = 0; marker_at[l] = 0;
#ifdef AGES
        /* Times that travel as ages grow by as long as the way takes. */
        if :: head[l] != 0 -> head_stamp[l] = head_stamp[l] + x :: else fi;
        if :: not_before[l] != 0 -> not_before[l] = not_before[l] + x :: else fi;
#endif
        if :: head_stamp[l] > NOW -> head_stamp[l] = NOW :: else fi;
        if :: not_before[l] > NOW -> not_before[l] = NOW :: else fi;
#ifdef NO_HALF
        half[l] = 0;
#endif
        if :: known[l] && head[l] == 0 -> advance(l) :: else fi;
        l++
    :: else -> break
    od;
    x = 0; l = 0; gone_at = 0;
#ifdef NO_LINE
    line = 0;
#endif
    moving = 0
}

active proctype R() {
    byte x = 0, l = 0, i = 0, count = 0, now = 0, gone_at = 0;
    bit filled = 0, asks = 0;
    atomic {
        used[0] = 1; hold[0] = 1; known[0] = 1; pending[0] = 1;
        run A(); run B();
#ifdef THREE
        run C()
#endif
    }
    do
    /* somebody takes what is first in line */
    :: atomic { line != 0 -> take() }
    /* receiver_base::pump and link_receiver::fetch, with inbox::next, while somebody waits */
    :: line == 0 && PENDING ->
        atomic {
#ifdef THREE
            l = (pending[2] -> 2 : (pending[1] -> 1 : 0));
#else
            l = (pending[1] -> 1 : 0);
#endif
            read(l)
        }
        if
        :: atomic { asks -> ask_unread(l); l = 0 }
        :: atomic { !asks -> l = 0 }
        fi
    :: atomic { line == 0 && !PENDING && HEADS == 0 && LIVE == 0 -> end(); break }
#ifdef NO_ROUND
    :: atomic { line == 0 && !PENDING && HEADS != 0 ->
#else
    :: atomic { line == 0 && !PENDING && HEADS != 0 && (HEADS >= LIVE || SOME_OLD) ->
#endif
            least();
            line = head[l]; head[l] = 0; head_stamp[l] = 0;
            advance(l); l = 0;
            if
            :: take()
            :: moves < MOVES
            fi
        }
    /* nothing at hand, and a poller that tells of something; or a round that is needed */
    :: line == 0 && !PENDING && HEADS < LIVE && !SOME_OLD && (HEADS != 0 || SOME_READABLE) ->
        /* link_receiver::look: the time, which goes on, then the poller, then inbox::begin_round */
        atomic {
            if :: SOME_AT(NOW) -> clk++ :: else fi;
#ifndef LATE_ROUND
            now = NOW
#endif
        }
        atomic {
            l = 0;
            do
            :: l < NL ->
                if :: READABLE(l) && head[l] == 0 -> pending[l] = 1 :: else fi;
#ifdef END_AT_HANGUP
                if
                :: known[l] && hold[l] == 0 && head[l] == 0 -> remove(l);
                    do :: len(q[l]) != 0 -> q[l]?_ :: len(q[l]) == 0 -> break od
                :: else
                fi;
#endif
                l++
            :: else -> break
            od;
            l = 0;
#ifndef LATE_ROUND
            round = now; now = 0
#endif
        }
#ifdef LATE_ROUND
        round = NOW;
#endif
    /* The receiver is put into a message: it stops, and what it knows is written down. */
    :: atomic { moves < MOVES && !moving -> moving = 1; gone_at = NOW }
        if
        :: atomic { moves++ ->
#ifdef NEVER_STOPS
            /* What the old owner still reads is lost. */
            if :: known[0] && nempty(q[0]) -> q[0]?_ :: else fi;
#endif
            arrive() }
        :: atomic { moves++ -> moves--; arrive(); moves = MOVES }
        fi
#ifdef RECEIVER_DIES
    :: atomic { receiver_gone = 1 -> break }
#endif
    od
}

#ifdef LTL
/* Whoever is killed, the end comes and is said once, and everybody's sends come to an end. */
ltl c5 { <> over }
#endif
