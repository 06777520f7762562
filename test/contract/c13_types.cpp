//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <optional>

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::sender;

// A message type that two programs agree on by its name, while they disagree about what is in it.

namespace {

struct one_view {
    std::optional<sender<std::string>> tx;
    std::optional<receiver<std::string>> rx;
};

struct other_view {
    std::optional<sender<std::uint64_t>> tx;
    std::optional<receiver<std::uint64_t>> rx;
};

struct said {
    std::uint64_t faults = 0;
    std::string code;
    strait::diagnostics details;
};

struct meeting {
    std::optional<receiver<other_view>> in;
    std::optional<sender<said>> out;
};

}  // namespace

template <>
struct strait::type_name<one_view> {
    static constexpr std::string_view value = "test.meeting.v1";
};
template <>
struct strait::type_name<other_view> {
    static constexpr std::string_view value = "test.meeting.v1";
};

namespace {

// Tells what became of each message.
STRAIT_TEST_ROLE(c13_sees_otherwise) {
    auto start = from_parent<meeting>();
    meeting m = start.recv();
    said last;
    m.in->on_fault([&](const strait::fault& f) {
        ++last.faults;
        last.code = f.code.message();
        last.details = f.details;
        m.out->send(last);
    });
    error_code ec;
    for (other_view v = m.in->recv(ec); !ec; v = m.in->recv(ec)) {
        said fine;
        fine.code = "received";
        m.out->send(fine);
    }
    return m.in->faults() == last.faults ? 0 : 1;
}

const std::string mismatch = make_error_code(error::type_mismatch).message();

// A sender of one view whose receiver is of the other, in another process.
struct two_programs : context_fixture {
    sender<one_view> to;
    receiver<said> from;
    peer<meeting> child{"c13_sees_otherwise"};

    two_programs() {
        auto [tx, rx] = new_channel<one_view>();
        to = std::move(tx);
        // To this process it is a receiver of the one view, to the other of the other.
        auto core = rx.core();
        receiver<other_view> seen(core, {});
        auto [out, in] = new_channel<said>();
        from = std::move(in);
        child.start({std::move(seen), std::move(out)});
    }

    ~two_programs() {
        to.close();
        child.process().wait();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c13_types, two_programs)

BOOST_AUTO_TEST_CASE(
    a_received_end_of_another_type_is_one_clear_error_that_names_both, *over_links()) {
    auto [tx, rx] = new_channel<std::string>();
    one_view with_sender;
    with_sender.tx = tx;
    to.send(std::move(with_sender));
    said s = from.recv();
    BOOST_TEST(s.code == mismatch);
    BOOST_TEST(s.faults == 1u);
    BOOST_TEST(s.details.expected.find("long") != std::string::npos, s.details.expected);
    BOOST_TEST(s.details.found.find("string") != std::string::npos, s.details.found);
    BOOST_TEST(s.details.expected.find('[') != std::string::npos);

    // What is unread in the receiver is not decoded either, and goes with it.
    tx.send("unread");
    one_view with_receiver;
    with_receiver.rx = std::move(rx);
    to.send(std::move(with_receiver));
    s = from.recv();
    BOOST_TEST(s.code == mismatch);
    BOOST_TEST(s.faults == 2u);
    error_code ec;
    while (!ec) tx.send("nobody", ec);
    BOOST_TEST(ec == asio::error::broken_pipe);

    // The channel goes on.
    to.send(one_view{});
    BOOST_TEST(from.recv().code == "received");
}

BOOST_AUTO_TEST_CASE(an_end_that_is_refused_is_gone_for_its_channel, *over_links()) {
    auto [tx, rx] = new_channel<std::string>();
    one_view value;
    value.tx = std::move(tx);
    to.send(std::move(value));
    BOOST_TEST(from.recv().code == mismatch);
    expect_end(rx);
}

BOOST_AUTO_TEST_SUITE_END()
