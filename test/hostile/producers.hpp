//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_HOSTILE_PRODUCERS_HPP
#define STRAIT_TEST_HOSTILE_PRODUCERS_HPP

#include "hostile/parcels.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <thread>

// Senders of parcels, one way or another, until they have sent enough or their receiver is gone.

namespace strait::test {

enum class sending_way : std::uint64_t { blocking, asynchronous, trying, in_threads };
inline constexpr std::uint64_t sending_ways = 4;

struct production {
    sender<parcel> out;
    handle book;
    std::uint64_t from = 0;  // in threads also from + 1
    std::uint64_t count = 0;
    sending_way way = sending_way::blocking;
    bool wants_answers = true;
};

inline void send_blocking(
    sender<parcel> out, packer& by, account& a, std::uint64_t count, error_code& ec) {
    for (std::uint64_t i = 0; i != count && !ec; ++i) {
        parcel p = by.pack(out, i);
        a.begun = i + 1;
        out.send(std::move(p), ec);
        if (!ec) a.completed = i + 1;
    }
}

inline void send_trying(
    sender<parcel> out, packer& by, account& a, std::uint64_t count, error_code& ec) {
    for (std::uint64_t i = 0; i != count && !ec; ++i) {
        parcel p = by.pack(out, i);
        a.begun = i + 1;
        for (;;) {
            out.try_send(p, ec);
            if (ec != asio::error::would_block) break;
            std::this_thread::yield();
        }
        if (!ec) a.completed = i + 1;
    }
}

// Four on their way at a time.
inline void send_asynchronous(
    sender<parcel> out, packer& by, account& a, std::uint64_t count, error_code& ec) {
    asio::io_context context;
    out.bind(context);
    std::uint64_t next = 0;
    const std::function<void()> more = [&] {
        if (next == count || ec) return;
        parcel p = by.pack(out, next);
        a.begun = ++next;
        out.async_send(std::move(p), [&](error_code e) {
            if (e)
                ec = e;
            else
                ++a.completed;
            more();
        });
    };
    for (int i = 0; i != 4; ++i) more();
    context.run();
}

inline void send_parcels(const sender<parcel>& out, packer& by, ledger_page& page,
    std::uint64_t count, sending_way way, error_code& ec) {
    account& a = page.of[by.from];
    switch (way) {
    case sending_way::blocking: send_blocking(out, by, a, count, ec); break;
    case sending_way::asynchronous: send_asynchronous(out, by, a, count, ec); break;
    case sending_way::trying: send_trying(out, by, a, count, ec); break;
    case sending_way::in_threads: {
        error_code other_ec;
        packer other{by.from + 1, by.answers};
        std::thread second([&] {
            send_blocking(out, other, page.of[other.from], count, other_ec);
        });
        send_blocking(out, by, a, count, ec);
        second.join();
        other.answers.close();
        if (!ec) ec = other_ec;
        break;
    }
    }
}

inline std::uint64_t answers_wanted(std::uint64_t from, std::uint64_t count) {
    std::uint64_t wanted = 0;
    for (std::uint64_t i = 0; i != count; ++i) wanted += contents::of(from, i).answer;
    return wanted;
}

// What a producing process returns.
inline constexpr int sent_all = 0;
inline constexpr int receiver_was_gone = 3;

// In the producing process.
inline int produce(production p) {
    const ledger book(std::move(p.book));
    packer by{p.from};
    receiver<note> answers;
    if (p.wants_answers) {
        auto [tx, rx] = make_channel<note>();
        by.answers = std::move(tx);
        answers = std::move(rx);
    }
    error_code ec;
    send_parcels(p.out, by, book.page(), p.count, p.way, ec);
    if (ec) return ec == asio::error::broken_pipe ? receiver_was_gone : 4;
    p.out.close();
    by.answers.close();
    if (!p.wants_answers) return sent_all;
    std::uint64_t wanted = answers_wanted(p.from, p.count);
    if (p.way == sending_way::in_threads) wanted += answers_wanted(p.from + 1, p.count);
    std::uint64_t answered = 0;
    while (answers.recv(ec), !ec) ++answered;
    return ec == asio::error::eof && answered == wanted ? sent_all : 5;
}

}  // namespace strait::test

#endif
