//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "hostile/producers.hpp"
#include "hostile/trial.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>

#include <poll.h>

// Processes killed at any moment while everything flows that a channel carries (C2, C3, C5, C6, C14).

using namespace strait::test;
using strait::error_code;
using strait::handle;
using strait::make_channel;
using strait::receiver;
using strait::sender;

namespace {

STRAIT_TEST_ROLE(hostile_producer) {
    return produce(order_from_parent<production>());
}

std::unique_ptr<peer<production>> start_producer(const sender<parcel>& out, const ledger& book,
    std::uint64_t from, std::uint64_t count, random_source& random, bool wants_answers = true) {
    auto child = std::make_unique<peer<production>>("hostile_producer");
    const auto way = static_cast<sending_way>(random() % sending_ways);
    production p{out, book.for_child(), from, count, way, wants_answers};
    child->start(std::move(p));
    return child;
}

// Receives until there is nothing more, by blocking calls or by callbacks.
error_code receive_all(
    receiver<parcel>& rx, bool asynchronous, const std::function<void(parcel&)>& take) {
    error_code ec;
    if (!asynchronous) {
        for (parcel p = rx.recv(ec); !ec; p = rx.recv(ec)) take(p);
        return ec;
    }
    asio::io_context context;
    rx.bind(context);
    const std::function<void()> next = [&] {
        rx.async_recv([&](error_code e, parcel p) {
            ec = e;
            if (e) return;
            take(p);
            next();
        });
    };
    next();
    context.run();
    return ec;
}

// Receives, and tells of everything in a ledger.
struct reception {
    receiver<parcel> in;
    handle book;
    sender<note> report;
    std::uint64_t reports_after = 0;
};

STRAIT_TEST_ROLE(hostile_receiver) {
    reception r = order_from_parent<reception>();
    const ledger book(std::move(r.book));
    arrivals all;
    error_code ec, ignored;
    std::vector<parcel> kept;
    for (parcel p = r.in.recv(ec); !ec; p = r.in.recv(ec)) {
        if (fault_of(p) != "" || p.number != all.next(p.from)++) ++book->wrong;
        ++book->of[p.from].taken;
        if (r.reports_after-- == 0) r.report.send(note{}, ignored);
        kept.push_back(std::move(p));
        if (kept.size() == 4) kept.clear();
    }
    return ec == asio::error::eof ? 0 : 1;
}

// Waits until everybody else has closed the other end of this pipe.
void expect_closed(const handle& writing) {
    pollfd p{writing.native_handle(), 0, 0};
    while (::poll(&p, 1, -1) == -1 && errno == EINTR) {
    }
    BOOST_TEST((p.revents & POLLERR) != 0);
}

// Takes some from a receiver and sends it back.
struct relaying {
    receiver<parcel> in;
    sender<receiver<parcel>> back;
    handle book;
    sender<note> report;
    std::uint64_t reports_after = 0;
    std::uint64_t takes = 0;
};

STRAIT_TEST_ROLE(hostile_relay) {
    relaying r = order_from_parent<relaying>();
    const ledger book(std::move(r.book));
    error_code ec, ignored;
    for (std::uint64_t i = 0; i <= r.takes; ++i) {
        if (i == r.reports_after) r.report.send(note{}, ignored);
        if (i == r.takes) break;
        parcel p = r.in.recv(ec);
        if (ec) break;
        if (fault_of(p) != "" || p.number != book->of[p.from].taken) ++book->wrong;
        ++book->of[p.from].taken;
    }
    r.report.close();
    if (ec && ec != asio::error::eof) return 1;
    r.back.send(std::move(r.in), ec);
    if (ec) return 2;
    book->handed_over = 1;
    return 0;
}

// A sender that goes round.
struct baton {
    sender<parcel> end;
    std::uint64_t hops = 0;
};

struct runner {
    receiver<baton> in;
    sender<baton> next;
    handle book;
    std::uint64_t from = 0;
};

STRAIT_TEST_ROLE(hostile_runner) {
    runner r = order_from_parent<runner>();
    const ledger book(std::move(r.book));
    account& a = book->of[r.from];
    packer by{r.from};
    error_code ec;
    for (;;) {
        baton b = r.in.recv(ec);
        if (ec) return ec == asio::error::eof ? 0 : 1;
        parcel p = by.pack(b.end, a.begun);
        ++a.begun;
        b.end.send(std::move(p), ec);
        if (ec) return 2;
        ++a.completed;
        if (b.hops-- == 0) return 0;
        r.next.send(std::move(b), ec);
        if (ec) return ec == asio::error::broken_pipe ? 0 : 3;
    }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(killing, clean_fixture)

// Two producers that may be killed, and one that is not and must not notice.
BOOST_AUTO_TEST_CASE(what_killed_producers_had_sent_is_received_and_others_are_not_disturbed) {
    constexpr std::uint64_t count = 30;
    trial t("killed producers", 15);
    t.run([&](random_source& random) {
        const ledger book;
        auto [tx, rx] = make_channel<parcel>();
        std::vector<std::unique_ptr<peer<production>>> children;
        std::vector<std::optional<std::uint64_t>> dies_after;
        for (std::uint64_t i = 0; i != 3; ++i) {
            children.push_back(start_producer(tx, book, 2 * i, count, random));
            dies_after.emplace_back();
            if (i != 0 && random() % 4 != 0) dies_after[i] = random() % count;
        }
        tx.close();
        std::vector<std::unique_ptr<doom>> dooms(3);
        const auto doom_if = [&](std::uint64_t i, std::uint64_t received) {
            if (dooms[i] || !dies_after[i] || *dies_after[i] > received) return;
            dooms[i] = std::make_unique<doom>(children[i]->process().pid(), random);
        };
        for (std::uint64_t i = 0; i != 3; ++i) doom_if(i, 0);
        arrivals all;
        const error_code ec = receive_all(rx, random() % 2 == 0, [&](parcel& p) {
            all.take(p);
            doom_if(p.from / 2, all.next(p.from));
        });
        dooms.clear();
        BOOST_TEST(ec == asio::error::eof, ec.message());
        BOOST_TEST(rx.faults() == 0u);
        all.expect_all_of(book);
        BOOST_TEST(all.next(0) == count);
        for (std::uint64_t i = 0; i != 3; ++i) {
            const exit_status status = children[i]->process().wait();
            BOOST_TEST((status == exit_status{0} || (dies_after[i] && status == killed)), status);
            t.count(status);
        }
        t.messages += all.total();
    });
}

// This process and another one send to it. Whatever was in its hands and on the way to it is gone.
BOOST_AUTO_TEST_CASE(a_killed_receiver_is_reported_and_everything_in_its_hands_is_closed) {
    trial t("killed receivers", 15);
    t.run([&](random_source& random) {
        const ledger book;
        auto [tx, rx] = make_channel<parcel>();
        auto [answers, answered] = make_channel<note>();
        auto report = make_channel<note>();  // clang 14 captures no structured bindings
        auto other = start_producer(tx, book, 2, 1'000'000, random, false);
        peer<reception> victim("hostile_receiver");
        victim.start({std::move(rx), book.for_child(), std::move(report.first), random() % 40});
        const auto way = static_cast<sending_way>(random() % 3);
        std::optional<doom> end;
        end.emplace(victim.process().pid(), random, [&, at_once = random() % 4 == 0] {
            error_code ignored;
            if (!at_once) report.second.recv(ignored);
        });
        packer by{0, answers, true};
        error_code ec;
        send_parcels(tx, by, book.page(), 1'000'000, way, ec);
        BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
        tx.send(parcel(), ec);
        BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
        tx.close();
        end.reset();
        BOOST_TEST(victim.process().wait() == killed);
        BOOST_TEST(other->process().wait() == exit_status{receiver_was_gone});
        BOOST_TEST(book->wrong == 0u);
        BOOST_TEST(book->of[0].taken <= book->of[0].begun);
        by.answers.close();
        answers.close();
        while (answered.recv(ec), !ec) {
        }
        BOOST_TEST(ec == asio::error::eof, ec.message());
        for (const handle& h : by.pipes) expect_closed(h);
        for (sender<note>& n : by.notes) {
            while (n.send(note{}, ec), !ec) {
            }
            BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
        }
        ++t.kills;
        t.messages += book->of[0].taken + book->of[2].taken + book->of[3].taken;
    });
}

// The receiver goes through processes that may be killed with it, while producers send that may be killed, too.
BOOST_AUTO_TEST_CASE(a_receiver_that_travels_is_whole_where_it_arrives_or_is_reported_as_gone) {
    constexpr std::uint64_t count = 40;
    trial t("travelling receivers", 15);
    t.run([&](random_source& random) {
        ledger book;
        auto [tx, rx] = make_channel<parcel>();
        std::vector<std::unique_ptr<peer<production>>> producers;
        for (std::uint64_t i = 0; i != 2; ++i)
            producers.push_back(start_producer(tx, book, 2 * i, count, random, false));
        tx.close();
        std::optional<doom> of_producer;
        if (random() % 2 == 0) of_producer.emplace(producers[1]->process().pid(), random);
        bool is_gone = false;
        for (int hop = 0; hop != 3 && !is_gone; ++hop) {
            auto [back, returned] = make_channel<receiver<parcel>>();
            auto [report, reports] = make_channel<note>();
            const std::uint64_t takes = random() % 20;
            book->handed_over = 0;
            peer<relaying> relay("hostile_relay");
            relay.start({std::move(rx), std::move(back), book.for_child(), std::move(report),
                random() % (takes + 1), takes});
            std::optional<doom> of_relay;
            error_code ec;
            if (random() % 2 == 0) {
                if (random() % 8 != 0) reports.recv(ec);
                of_relay.emplace(relay.process().pid(), random);
            }
            reports.close();
            rx = returned.recv(ec);
            is_gone = !!ec;
            of_relay.reset();
            const exit_status status = relay.process().wait();
            BOOST_TEST((status == exit_status{0} || status == killed), status);
            t.count(status);
            if (is_gone) BOOST_TEST((status == killed && book->handed_over == 0u));
        }
        arrivals all;
        for (std::uint64_t from = 0; from != 4; ++from) all.next(from) = book->of[from].taken;
        if (!is_gone) {
            const error_code ec = receive_all(rx, random() % 2 == 0, [&](parcel& p) { all.take(p); });
            BOOST_TEST(ec == asio::error::eof, ec.message());
            BOOST_TEST(rx.faults() == 0u);
            all.expect_all_of(book);
        }
        BOOST_TEST(book->wrong == 0u);
        of_producer.reset();
        for (std::uint64_t i = 0; i != 2; ++i) {
            const exit_status status = producers[i]->process().wait();
            const bool is_right = status == exit_status{sent_all} ||
                                  (i == 1 && status == killed) ||
                                  (is_gone && status == exit_status{receiver_was_gone});
            BOOST_TEST(is_right, status);
            t.count(status);
        }
        for (std::uint64_t from = 0; from != 4; ++from) t.messages += all.next(from);
    });
}

// Senders go round in three processes, each of which sends once through what it got; one is killed.
BOOST_AUTO_TEST_CASE(what_was_sent_through_senders_that_travel_is_received_though_holders_die) {
    trial t("travelling senders", 15);
    t.run([&](random_source& random) {
        const ledger book;
        auto [tx, rx] = make_channel<parcel>();
        std::vector<std::unique_ptr<peer<runner>>> children;
        std::vector<sender<baton>> to;
        std::vector<receiver<baton>> in;
        for (std::uint64_t i = 0; i != 3; ++i) {
            auto [btx, brx] = make_channel<baton>();
            to.push_back(std::move(btx));
            in.push_back(std::move(brx));
        }
        for (std::uint64_t i = 0; i != 2; ++i) to[i].send(baton{tx, 30});
        tx.close();
        for (std::uint64_t i = 0; i != 3; ++i) {
            children.push_back(std::make_unique<peer<runner>>("hostile_runner"));
            children[i]->start({std::move(in[i]), to[(i + 1) % 3], book.for_child(), i});
        }
        to.clear();
        const std::uint64_t victim = random() % 3;
        const std::uint64_t after = random() % 60;
        std::optional<doom> end;
        arrivals all;
        const error_code ec = receive_all(rx, random() % 2 == 0, [&](parcel& p) {
            all.take(p);
            if (all.total() == after) end.emplace(children[victim]->process().pid(), random);
        });
        end.reset();
        BOOST_TEST(ec == asio::error::eof, ec.message());
        BOOST_TEST(rx.faults() == 0u);
        all.expect_all_of(book);
        for (std::uint64_t i = 0; i != 3; ++i) {
            const exit_status status = children[i]->process().wait();
            BOOST_TEST((status == exit_status{0} || (i == victim && status == killed)), status);
            t.count(status);
        }
        t.messages += all.total();
    });
}

BOOST_AUTO_TEST_SUITE_END()
