/*
 * Copyright (c) 2026 The strait authors
 *
 * Distributed under the Boost Software License, Version 1.0.
 */

/* Blocks: large messages of one link travel in blocks that are used again, at most POOL at a time.

   The sender makes SENDS messages; one of its blocks may be a loan that its user holds for a while. A
   message may be called off, may need a larger block than the free one, or all of the pool. The receiver's user decodes
   messages, or keeps them for as long as he likes, which may be for ever. The receiver may move MOVES
   times, also after the sender has gone. docs/design/model.md has the properties, the functions that are
   meant, and what each mutation breaks.

   Configurations: SENDS, MOVES, POOL, KILL (the sender may be killed), LOAN, WHOLE (there are messages that
   need all of the pool). */

#ifndef SENDS
#define SENDS 3
#endif
#ifndef MOVES
#define MOVES 1
#endif
#ifndef POOL
#define POOL 2
#endif
#define NB 6            /* numbers of blocks, from 1 */

#define DATA 1          /* a message in block i, which is new or not */
#define WANT 2
#define FORGET 3        /* block i */

#define FREED 1         /* release frames: the block can be used again, */
#define FOR_GOOD 2      /* or stays with whoever has it */

/* The two ways of the link. The one back holds less than there can be to say. */
chan f = [4] of { byte, byte, bit };
chan b = [1] of { byte, byte };
bit s_open = 1;

/* The sender: block_pool and send_link. */
#define NONE 0
#define IDLE 1
#define LENT 2
#define SENT 3
byte where[NB];
bit is_known[NB], forgotten[NB];
byte last_id, loan;
byte whole;             /* the block that takes all of the pool */
bit said_want;

/* The receiver: block_table, and its line. */
bit slot[NB], in_use[NB], is_lent[NB], is_kept[NB], has_view[NB];
byte unsaid[NB];
bit is_wanted, here = 1;
chan line = [2] of { byte, bit };
byte owner, moves;

/* Which process's user has a message in that block, + 1, maybe for ever; and how many were sent and
   taken. */
byte with_user[NB];
bit for_ever[NB];
byte sent, got;

#define USED ((where[1] != NONE) + (where[2] != NONE) + (where[3] != NONE) + (where[4] != NONE) + \
              (where[5] != NONE))
#define IS_FULL (USED >= POOL || (whole != 0 && where[whole] != NONE))
#define IN_USE(i) (where[i] == LENT || where[i] == SENT)
#define NONE_IN_USE (!IN_USE(1) && !IN_USE(2) && !IN_USE(3) && !IN_USE(4) && !IN_USE(5))
#define HAS_SENT (where[1] == SENT || where[2] == SENT || where[3] == SENT || where[4] == SENT || \
                  where[5] == SENT)
#define COUNTED(i) (slot[i] && !is_kept[i])
#define SLOTS (COUNTED(1) + COUNTED(2) + COUNTED(3) + COUNTED(4) + COUNTED(5))
#define UNREAD(i) (in_use[i] && !is_lent[i])
#define NONE_UNREAD (!UNREAD(1) && !UNREAD(2) && !UNREAD(3) && !UNREAD(4) && !UNREAD(5))

/* Nobody may look at a block that is written again: C2. */
#define MAY_WRITE(i) assert(with_user[i] == 0 && !in_use[i])

/* send_link::read_back and block_pool::released */
inline read_back() {
    do
    :: len(b) != 0 ->
        b?i, x;
        assert(where[i] == SENT);
        if :: x == FREED -> where[i] = IDLE :: x == FOR_GOOD -> where[i] = NONE; is_known[i] = 0 fi;
#ifndef SAID_ONCE
        said_want = 0
#endif
    :: len(b) == 0 -> break
    od;
    i = 0; x = 0
}

/* block_pool::lend: an idle block, in `got_block`; 0 if there is none */
inline find_idle() {
    i = 1; got_block = 0;
    do
    :: i < NB && where[i] == IDLE -> got_block = i; break
    :: i < NB && where[i] != IDLE -> i++
    :: i == NB -> break
    od;
    i = 0
}

/* block_pool::drop */
inline drop(id) {
    if :: is_known[id] -> forgotten[id] = 1 :: else fi;
    where[id] = NONE; is_known[id] = 0
}

inline make_new() {
    assert(last_id + 1 < NB);
    last_id++; got_block = last_id; where[got_block] = LENT
}

/* send_link::take_block, block_pool::reserve: 0 any block, 1 one larger than what is free, 2 all of the pool */
inline take_block(need) {
    find_idle();
    if :: (got_block == 0 || need == 2) && HAS_SENT -> read_back(); find_idle() :: else fi;
    if
    :: need == 2 && got_block != 0 && got_block == whole -> where[got_block] = LENT
    :: need == 2 && (got_block == 0 || got_block != whole) && NONE_IN_USE && last_id + 1 < NB ->
        i = 1;
        do
        :: i < NB -> if :: where[i] == IDLE -> drop(i) :: else fi; i++
        :: i == NB -> break
        od;
        i = 0;
        make_new(); whole = got_block
    :: need == 2 && (got_block == 0 || got_block != whole) && !(NONE_IN_USE && last_id + 1 < NB) -> got_block = 0
    :: got_block != 0 && need == 0 -> where[got_block] = LENT
    :: got_block != 0 && need == 1 && last_id + 1 < NB -> drop(got_block); make_new()
    :: got_block != 0 && need == 1 && last_id + 1 == NB -> where[got_block] = LENT
    :: got_block == 0 && need != 2 && !IS_FULL -> make_new()
    :: got_block == 0 && need != 2 && IS_FULL
    fi;
    if
    :: got_block != 0 -> MAY_WRITE(got_block)
    :: else
    fi
}

/* send_link::write_once and outgoing_message::blocks_sent: what is forgotten is said in the same write */
inline write_block() {
    i = 1;
    do
    :: i < NB ->
        if
        :: forgotten[i] ->
#ifndef NOT_FORGOTTEN
            f!FORGET, i, 0;
#endif
            forgotten[i] = 0
        :: else
        fi;
        i++
    :: i == NB -> break
    od;
    i = 0;
    f!DATA, got_block, !is_known[got_block];
    where[got_block] = SENT; is_known[got_block] = 1; sent++;
#ifndef WANT_STAYS_SAID
    said_want = 0;
#endif
    got_block = 0
}

active proctype Sender() {
    byte n = 0, i = 0, x = 0, got_block = 0, need = 0;
#ifdef LOAN
    atomic { take_block(0); loan = got_block; got_block = 0 }
#endif
    do
    :: n < SENDS ->
        /* The value is encoded. */
        atomic {
            n++;
            if
            :: need = 0
            :: need = 1
#ifdef WHOLE
            :: last_id + 1 < NB -> need = 2
#endif
            fi;
            take_block(need);
            if :: need == 1 -> need = 0 :: else fi
        }
find_way:
        if
        :: atomic { got_block != 0 && len(f) < 2 -> write_block() }
        :: atomic { got_block != 0 -> where[got_block] = IDLE; got_block = 0 }   /* called off */
        /* send_link::find_way */
        :: atomic { got_block == 0 ->
                take_block(need);
                if
                :: got_block != 0 -> said_want = 0
                :: got_block == 0 && HAS_SENT && !said_want && nfull(f) ->
#ifndef NO_WANT
                    f!WANT, 0, 0;
#endif
                    said_want = 1
                :: got_block == 0 && HAS_SENT && (said_want || full(f))
                :: got_block == 0 && !HAS_SENT -> said_want = 0; goto next    /* in fragments */
                fi
            }
            if
            :: atomic { got_block != 0 -> goto find_way }
            :: atomic { got_block == 0 -> goto next }       /* called off */
#ifdef LOAN
            :: atomic { got_block == 0 && loan != 0 -> where[loan] = IDLE; loan = 0; goto find_way }
#endif
            :: got_block == 0       /* or it waits, for as long as it must */
            fi;
            atomic { len(b) != 0 -> goto find_way }
        fi;
next:
        skip
    :: n == SENDS -> break
#ifdef LOAN
    :: atomic { loan != 0 -> where[loan] = IDLE; loan = 0 }
#endif
#ifdef KILL
    :: break
#endif
    od;
    s_open = 0
}

/* block_table::flush: what the link does not take is said with what comes next */
inline flush() {
    i = 1;
    do
    :: i < NB && here && unsaid[i] != 0 && (len(b) == 0 || !s_open) ->
        if :: s_open -> b!i, unsaid[i] :: !s_open fi;
        unsaid[i] = 0; is_wanted = 0; i++
    :: i < NB && !(here && unsaid[i] != 0 && (len(b) == 0 || !s_open)) -> i++
    :: i == NB -> break
    od;
    i = 0
}

/* block_table::flush_if_due: maybe later while something is unread and the sender does not wait. When it is due
   then only matters for speed. */
inline flush_if_due() {
    if
    :: flush()
#ifndef SAID_LATER
    :: !is_wanted && !NONE_UNREAD
#else
    :: skip
#endif
    fi
}

/* block_table::keep */
inline keep(id) {
    if
    :: !is_kept[id] -> is_kept[id] = 1; unsaid[id] = FOR_GOOD
    :: is_kept[id]
    fi
}

/* block_table::begin_use: an honest sender breaks none of its rules */
inline begin_use(id, is_new) {
    is_wanted = 0;
    if
    :: !is_new -> assert(slot[id] && !in_use[id] && has_view[id])
    :: is_new -> assert(!slot[id] && SLOTS < POOL); slot[id] = 1; has_view[id] = 0
    fi;
    in_use[id] = 1
}

/* block_table::end_use */
inline end_use(id) {
    in_use[id] = 0; is_lent[id] = 0;
    if :: !has_view[id] -> keep(id) :: has_view[id] fi;
    if
    :: is_kept[id] -> slot[id] = 0; is_kept[id] = 0; has_view[id] = 0; flush()
    :: !is_kept[id] ->
#ifndef FREED_EARLY
        unsaid[id] = FREED; flush_if_due()
#else
        skip
#endif
    fi
}

/* What the sender counts as sent is on its way, in use, or on its way back. */
inline none_lost() {
    x = 1;
    do
    :: x < NB ->
        assert(where[x] != SENT || !s_open || (slot[x] && in_use[x]) || unsaid[x] != 0 ||
               f??[DATA, eval(x), 0] || f??[DATA, eval(x), 1] ||
               b??[eval(x), FREED] || b??[eval(x), FOR_GOOD]);
        x++
    :: x == NB -> break
    od;
    x = 0
}

/* A user has done with a message that he kept. At the process that the receiver has left nothing
   follows from it. */
inline user_drops(id) {
    if
    :: with_user[id] == owner + 1 ->
        with_user[id] = 0;
        if :: has_view[id] = 1 :: skip fi;    /* decoded, or as it is */
        end_use(id)
    :: with_user[id] != owner + 1 -> with_user[id] = 0
    fi
}

/* block_table::sender_wants */
inline sender_wants() {
    is_wanted = 1; flush();
    if
    :: is_wanted ->
        x = 1;
        do
        :: x < NB -> if :: slot[x] && is_lent[x] -> keep(x) :: else fi; x++
        :: x == NB -> break
        od;
        x = 0;
        flush()
    :: !is_wanted     /* that was the answer */
    fi
}

/* put_blocks with block_table::entries, get_blocks with restore and restore_kept, find_blocks */
inline move() {
    was_wanted = is_wanted; x = 1;
    owner++; moves++;
    do
    :: x < NB ->
#ifdef UNSAID_LOST
        unsaid[x] = 0;
#endif
        in_line = 0; i = len(line);
        do
        :: i != 0 -> line?y, n; line!y, n; if :: y == x -> in_line = 1 :: else fi; i--
        :: i == 0 -> break
        od;
        y = 0; n = 0;
        if
        :: slot[x] && is_kept[x] -> slot[x] = 0
        /* with a user here: kept from now on */
        :: slot[x] && !is_kept[x] && in_use[x] && !in_line ->
            slot[x] = 0;
#ifndef NOT_RETIRED
            unsaid[x] = FOR_GOOD
#endif
        /* it moves along; or its memory is new, and moves with its message */
        :: slot[x] && !is_kept[x] && !(in_use[x] && !in_line) && !has_view[x] -> slot[x] = 0
        :: else
        fi;
        is_kept[x] = 0; is_lent[x] = 0; in_use[x] = 0;
        if :: !slot[x] -> has_view[x] = 0 :: else fi;
        x++
    :: x == NB -> break
    od;
    in_line = 0;
#ifdef WANTED_TOO_EARLY
    is_wanted = was_wanted;
#endif
    i = len(line);
    do
#ifdef ENDED_FORGOTTEN
    /* No link speaks of the blocks of one that has ended. */
    :: i != 0 && !here -> line?y, n; i--
    :: i != 0 && here -> line?y, n; line!y, n; begin_use(y, n); i--
#else
    :: i != 0 -> line?y, n; line!y, n; begin_use(y, n); i--
#endif
    :: i == 0 -> break
    od;
    y = 0; n = 0; x = 0;
#ifndef WANTED_TOO_EARLY
#ifndef WANTED_STAYS
    is_wanted = was_wanted;
#else
    is_wanted = 0;
#endif
#endif
    was_wanted = 0;
    flush();
    none_lost()
}

active proctype Receiver() {
    byte i = 0, x = 0, y = 0;
    bit n = 0, in_line = 0, was_wanted = 0;
    do
    /* the inbox reads while somebody waits; two may */
    :: atomic { here && len(f) != 0 && len(line) < 2 ->
            f?x, y, n;
            if
            :: x == DATA -> begin_use(y, n); line!y, n; x = 0
            :: x == WANT -> x = 0; sender_wants()
            :: x == FORGET ->
                /* block_table::forget */
                assert(slot[y] && !in_use[y] && !is_kept[y] && unsaid[y] == 0);
                slot[y] = 0; has_view[y] = 0; x = 0
            fi;
            y = 0; n = 0
        }
    /* inbox::remove: the link has ended */
    :: atomic { here && len(f) == 0 && !s_open -> here = 0 }
    /* the user takes a message: decodes it, drops it as it is, or keeps it */
    :: atomic { len(line) != 0 ->
            line?y, n; got++;
            assert(in_use[y]);
            if
            :: has_view[y] = 1;
#ifdef FREED_EARLY
                unsaid[y] = FREED; flush(); with_user[y] = owner + 1; is_lent[y] = 1
#else
                end_use(y)
#endif
            :: end_use(y)
            :: with_user[y] = owner + 1; is_lent[y] = 1;
                if :: for_ever[y] = 1 :: skip fi;
                flush_if_due();
#ifndef LENT_LATER
                if :: is_wanted -> keep(y); flush() :: else fi
#endif
            fi;
            y = 0; n = 0
        }
    :: atomic { with_user[1] != 0 && !for_ever[1] -> user_drops(1) }
    :: atomic { with_user[2] != 0 && !for_ever[2] -> user_drops(2) }
    :: atomic { with_user[3] != 0 && !for_ever[3] -> user_drops(3) }
    :: atomic { moves < MOVES -> move() }
    /* All that was sent was taken: C3, C6. What a user keeps he may keep. */
    :: atomic { !here && len(line) == 0 -> assert(sent == got); break }
    od
}

#ifdef LTL
/* However long users keep messages, no send waits for ever. */
ltl c4 { <> (!s_open) }
#endif
