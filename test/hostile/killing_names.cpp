//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "hostile/producers.hpp"
#include "hostile/trial.hpp"

#include <strait/listener.hpp>
#include <strait/process.hpp>

#include <memory>
#include <optional>
#include <vector>

// Servers, clients and families of children killed at any moment.

using namespace std::chrono_literals;
using namespace strait::test;
using strait::endpoint;
using strait::error_code;
using strait::handle;
using strait::make_channel;
using strait::receiver;
using strait::sender;
namespace errc = boost::system::errc;

namespace {

// Serves one client after the other: receives what it sends, and answers. Leads a life without end.
STRAIT_TEST_ROLE(hostile_server) {
    strait::listener<parcel> names{endpoint(args[0])};
    for (;;) {
        auto client = names.accept();
        error_code ec;
        for (parcel p = client.first.recv(ec); !ec; p = client.first.recv(ec))
            if (fault_of(p) != "") return 1;
    }
}

struct visiting {
    std::string at;
    handle book;
    sender<note> lives;  // as long as this process does
    std::uint64_t from = 0;
    std::uint64_t count = 0;
};

// Connects again and again, with three parcels each time.
STRAIT_TEST_ROLE(hostile_client) {
    visiting v = order_from_parent<visiting>();
    const ledger book(std::move(v.book));
    account& a = book->of[v.from];
    packer by{v.from};
    for (std::uint64_t i = 0; i != v.count; ++i) {
        auto tx = strait::connect<parcel>(endpoint(v.at));
        for (int k = 0; k != 3; ++k) {
            parcel p = by.pack(tx, a.begun);
            ++a.begun;
            tx.send(std::move(p));
            ++a.completed;
        }
    }
    return 0;
}

// Sends, and the head of the family has two children that send, too.
STRAIT_TEST_ROLE(hostile_member) {
    auto in = strait::inherited::take();
    const handle alive = in.take<handle>("alive");
    production p;
    p.out = in.take<sender<parcel>>("out");
    p.book = in.take<handle>("book");
    p.from = std::strtoull(args[0], nullptr, 0);
    p.count = 1'000'000;
    p.wants_answers = false;
    std::vector<strait::process> children;
    for (std::uint64_t i = 1; p.from == 0 && i != 3; ++i) {
        strait::process_options options(self_path());
        options.argument("--role=hostile_member").argument(std::to_string(i));
        options.give("out", p.out).give("book", p.book.duplicate()).give("alive", alive.duplicate());
        children.push_back(strait::process::start(options));
    }
    return produce(std::move(p));
}

// Connects to a server that dies, sends and waits for the answers. How many came.
std::uint64_t visit(const endpoint& at, std::uint64_t number, error_code& ec) {
    auto tx = strait::connect<parcel>(at, ec);
    if (ec) return 0;
    auto [answer, answers] = make_channel<note>();
    packer by{0, std::move(answer)};
    std::uint64_t wanted = 0;
    for (std::uint64_t k = 0; k != 3 && !ec; ++k) {
        parcel p = by.pack(tx, number + k);
        wanted += p.answer_to.has_value();
        tx.send(std::move(p), ec);
    }
    tx.close();
    by.answers.close();
    if (ec) return 0;
    std::uint64_t answered = 0;
    while (answers.recv(ec), !ec) ++answered;
    if (ec == asio::error::eof && answered == wanted) ec = {};
    return answered;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(killing_names, clean_fixture)

BOOST_AUTO_TEST_CASE(a_killed_server_is_reported_and_the_next_one_takes_its_name) {
    trial t("killed servers", 15);
    t.run([&](random_source& random) {
        const endpoint at = random() % 2 == 0 ? endpoint::path(t.folder / "socket")
                                              : endpoint::generate();
        child_process server("hostile_server", {at.to_string()});
        std::optional<doom> end;
        const std::uint64_t after = random() % 6;
        std::uint64_t visited = 0;
        for (std::uint64_t i = 0;; ++i) {
            if (visited == after && !end) end.emplace(server.pid(), random);
            error_code ec;
            t.messages += visit(at, i, ec);
            if (!ec) {
                ++visited;
                continue;
            }
            // Not there yet, or not any more.
            const bool is_absent = ec == errc::no_such_file_or_directory ||
                                   ec == errc::connection_refused;
            if (is_absent && !end) continue;
            const bool is_reported = is_absent || ec == asio::error::connection_reset ||
                                     ec == asio::error::broken_pipe || ec == asio::error::eof;
            BOOST_TEST(is_reported, ec.message());
            end.reset();
            break;
        }
        BOOST_TEST(server.wait() == killed);
        ++t.kills;
        auto [alive, lives] = make_channel<note>();
        const ledger book;
        {
            strait::listener<parcel> next(at);
            peer<visiting> client("hostile_client");
            client.start({at.to_string(), book.for_child(), std::move(alive), 1, 1});
            auto [rx, who] = next.accept();
            for (int i = 0; i != 3; ++i) BOOST_TEST(rx.recv().number == i);
            expect_end(rx);
            BOOST_TEST(client.process().wait() == exit_status{0});
        }
    });
}

BOOST_AUTO_TEST_CASE(killed_clients_disturb_no_other_client) {
    constexpr std::uint64_t count = 10;
    trial t("killed clients", 15);
    t.run([&](random_source& random) {
        const ledger book;
        auto [alive, lives] = make_channel<note>();
        const endpoint at = random() % 2 == 0 ? endpoint::path(t.folder / "socket")
                                              : endpoint::generate();
        strait::listener<parcel> names(at);
        std::vector<std::unique_ptr<peer<visiting>>> clients;
        for (std::uint64_t i = 0; i != 3; ++i) {
            clients.push_back(std::make_unique<peer<visiting>>("hostile_client"));
            clients[i]->start({at.to_string(), book.for_child(), alive, i, count});
        }
        alive.close();
        std::vector<std::unique_ptr<doom>> dooms;
        const std::uint64_t after = random() % (3 * count);
        arrivals all;
        for (bool none_lives = false;;) {
            error_code ec;
            if (dooms.empty() && all.total() >= after)
                for (std::size_t i = 1; i != 3; ++i)
                    dooms.push_back(std::make_unique<doom>(clients[i]->process().pid(), random));
            lives.try_recv(ec);
            none_lives = ec == asio::error::eof;
            auto client = names.accept_for(none_lives ? 0ms : 5ms, ec);
            if (ec) {
                BOOST_TEST_REQUIRE(ec == asio::error::timed_out, ec.message());
                if (none_lives) break;
                continue;
            }
            for (parcel p = client.first.recv(ec); !ec; p = client.first.recv(ec)) all.take(p);
            BOOST_TEST(ec == asio::error::eof, ec.message());
            BOOST_TEST(client.first.faults() == 0u);
        }
        dooms.clear();
        all.expect_all_of(book);
        BOOST_TEST(all.next(0) == 3 * count);
        for (std::uint64_t i = 0; i != 3; ++i) {
            const exit_status status = clients[i]->process().wait();
            BOOST_TEST((status == exit_status{0} || (i != 0 && status == killed)), status);
            t.count(status);
        }
        t.messages += all.total();
    });
}

BOOST_AUTO_TEST_CASE(a_family_whose_head_is_killed_ends_and_what_it_had_sent_is_received) {
    trial t("killed families", 15);
    t.run([&](random_source& random) {
        const ledger book;
        pipe_ends alive = make_pipe();
        auto [tx, rx] = make_channel<parcel>();
        strait::process_options options(self_path());
        options.argument("--role=hostile_member").argument("0");
        options.give("out", std::move(tx)).give("book", book.for_child());
        options.give("alive", std::move(alive.write));
        strait::process head = strait::process::start(options);
        std::optional<doom> end;
        const std::uint64_t after = random() % 40;
        if (after == 0) end.emplace(static_cast<pid_t>(head.pid()), random);
        arrivals all;
        error_code ec;
        for (parcel p = rx.recv(ec); !ec; p = rx.recv(ec)) {
            all.take(p);
            if (all.total() == after) end.emplace(static_cast<pid_t>(head.pid()), random);
        }
        end.reset();
        BOOST_TEST(ec == asio::error::eof, ec.message());
        BOOST_TEST(rx.faults() == 0u);
        const strait::exit_status status = head.wait();
        BOOST_TEST((status.why() == strait::exit_status::reason::signalled));
        char c;
        BOOST_TEST(::read(alive.read.native_handle(), &c, 1) == 0);  // when the last one is gone
        all.expect_all_of(book);
        ++t.kills;
        t.messages += all.total();
    });
}

BOOST_AUTO_TEST_SUITE_END()
