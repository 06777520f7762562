//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/leak_check.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <thread>

// Everything at once: parties, threads or processes, that throw to each other at random what a channel can carry:
// texts of all sizes, senders, receivers with something unread in them, files. Whoever is thrown
// a parcel looks at it and tells the referee, who compares that with what was to happen.

using namespace strait::test;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::sender;

namespace {

constexpr std::uint64_t throws_of_each = 300;

struct parcel {
    std::uint64_t from = 0;
    std::uint64_t number = 0;  // of that party
    std::string text;
    std::optional<sender<note>> answer_to;    // expects an answer with the same number
    std::optional<receiver<note>> collection;  // holds notes 0, 1, 2 and the end
    std::vector<handle> files;                 // pipes that hold their place in the list
};

struct report {
    std::uint64_t by = 0;
    std::uint64_t from = 0;
    std::uint64_t number = 0;
    bool is_right = false;
};

struct party {
    std::uint64_t me = 0;
    std::uint64_t seed = 0;
    std::optional<receiver<parcel>> in;
    std::vector<sender<parcel>> to;
    std::optional<sender<report>> referee;
};

parcel make_parcel(std::uint64_t from, std::uint64_t number, std::mt19937_64& random) {
    parcel p;
    p.from = from;
    p.number = number;
    const std::size_t sizes[] = {0, 1, 100, 5000, 40'000, 300'000};
    p.text = pattern(number, sizes[random() % std::size(sizes)]);
    if (random() % 3 == 0) {
        auto [tx, rx] = new_channel<note>();
        for (std::uint64_t i = 0; i != 3; ++i) tx.send(note{i, {}});
        if (random() % 2 == 0) rx.recv();
        p.collection = std::move(rx);
    }
    for (std::uint64_t i = random() % 4; i != 0; --i) {
        int fds[2];
        if (::pipe2(fds, O_CLOEXEC) != 0) std::abort();
        const handle write(fds[1]);
        const auto place = static_cast<unsigned char>(p.files.size());
        if (::write(fds[1], &place, 1) != 1) std::abort();
        p.files.emplace_back(fds[0]);
    }
    return p;
}

bool is_right(parcel& p) {
    bool right = p.text == pattern(p.number, p.text.size());
    for (std::size_t i = 0; i != p.files.size(); ++i) {
        unsigned char place = 255;
        right = right && ::read(p.files[i].native_handle(), &place, 1) == 1 && place == i;
    }
    if (p.collection) {
        error_code ec;
        std::uint64_t next = p.collection->recv(ec).number;
        right = right && next <= 1;
        for (note n = p.collection->recv(ec); !ec; n = p.collection->recv(ec))
            right = right && n.number == ++next;
        right = right && ec == asio::error::eof && next == 2;
    }
    return right;
}

// Throws, and catches whatever comes: without blocking in a send, lest two wait for each other.
class player {
public:
    player(party& p, asio::io_context& context) : p_(p), random_(p.seed + p.me) {
        p_.in->bind(context);
        for (auto& to : p_.to) to.bind(context);
        auto [tx, rx] = new_channel<note>(context);
        answers_to_ = std::move(tx);
        answers_ = std::move(rx);
    }

    void play() {
        for (int outstanding = 0; outstanding != 4; ++outstanding) throw_next();
        catch_next();
        await_answer();
    }

    std::uint64_t unanswered() const { return unanswered_; }

private:
    void throw_next() {
        if (thrown_ == throws_of_each) {
            if (--throwing_ == 0) {
                p_.to.clear();  // when all are done the channels end
                answers_to_.close();
            }
            return;
        }
        parcel one = make_parcel(p_.me, thrown_++, random_);
        if (random_() % 2 == 0) {
            one.answer_to = answers_to_;
            ++unanswered_;
        }
        auto& to = p_.to[random_() % p_.to.size()];
        to.async_send(std::move(one), [this](error_code ec) {
            if (ec) std::abort();
            throw_next();
        });
    }

    void catch_next() {
        p_.in->async_recv([this](error_code ec, parcel caught) {
            if (ec) return;
            const bool right = is_right(caught);
            if (caught.answer_to)
                caught.answer_to->async_send(note{caught.number, {}}, [](error_code e) {
                    if (e) std::abort();
                });
            p_.referee->send(report{p_.me, caught.from, caught.number, right});
            catch_next();
        });
    }

    void await_answer() {
        answers_.async_recv([this](error_code ec, note) {
            if (ec) return;
            --unanswered_;
            await_answer();
        });
    }

    party& p_;
    std::mt19937_64 random_;
    sender<note> answers_to_;
    receiver<note> answers_;
    std::uint64_t thrown_ = 0;
    int throwing_ = 4;
    std::uint64_t unanswered_ = 0;
};

int take_part(party& p) {
    asio::io_context context;
    player one(p, context);
    one.play();
    context.run();
    p.referee->close();
    return one.unanswered() == 0 ? 0 : 1;
}

STRAIT_TEST_ROLE(stress_party) {
    party p;
    {
        auto start = from_parent<party>();
        p = start.recv();
    }
    return take_part(p);
}

struct game {
    std::vector<party> parties;
    std::optional<receiver<report>> reports;
    std::uint64_t seed = std::random_device{}();

    explicit game(std::size_t count) : parties(count) {
        if (const char* given = std::getenv("STRAIT_TEST_SEED")) seed = std::strtoull(given, nullptr, 0);
        std::cout << "STRAIT_TEST_SEED=" << seed << '\n';
        auto [referee, in] = new_channel<report>();
        reports = std::move(in);
        std::vector<sender<parcel>> to(count);
        for (std::size_t i = 0; i != count; ++i) {
            auto [tx, rx] = new_channel<parcel>();
            to[i] = std::move(tx);
            parties[i].in = std::move(rx);
            parties[i].me = i;
            parties[i].seed = seed;
            parties[i].referee = referee;
        }
        for (party& p : parties) p.to = to;
    }

    void expect_every_parcel_once() {
        std::map<std::uint64_t, std::vector<int>> seen;
        error_code ec;
        for (report r = reports->recv(ec); !ec; r = reports->recv(ec)) {
            BOOST_TEST(r.is_right);
            auto& of_one = seen[r.from];
            of_one.resize(throws_of_each);
            BOOST_TEST_REQUIRE(r.number < throws_of_each);
            ++of_one[r.number];
        }
        BOOST_TEST(ec == asio::error::eof);
        BOOST_TEST(seen.size() == parties.size());
        for (const auto& [from, counts] : seen)
            for (const int n : counts) BOOST_TEST(n == 1);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(random_traffic, strait::test::clean_fixture)

BOOST_AUTO_TEST_CASE(between_threads_nothing_is_lost_doubled_or_spoilt) {
    game g(4);
    std::vector<std::thread> threads;
    std::vector<int> results(g.parties.size());
    for (std::size_t i = 0; i != g.parties.size(); ++i)
        threads.emplace_back([&, i] {
            party p = std::move(g.parties[i]);
            results[i] = take_part(p);
        });
    g.expect_every_parcel_once();
    for (auto& t : threads) t.join();
    for (const int r : results) BOOST_TEST(r == 0);
}

BOOST_AUTO_TEST_CASE(between_processes_nothing_is_lost_doubled_or_spoilt, *over_links()) {
    game g(4);
    std::vector<std::unique_ptr<peer<party>>> processes;
    for (party& p : g.parties) {
        processes.push_back(std::make_unique<peer<party>>("stress_party"));
        processes.back()->start(std::move(p));
    }
    g.expect_every_parcel_once();
    for (auto& p : processes) BOOST_TEST((p->process().wait() == exit_status{0, 0}));
}

BOOST_AUTO_TEST_SUITE_END()
