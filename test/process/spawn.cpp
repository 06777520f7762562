//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/started.hpp"
#include "support/leak_check.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace strait::test;

namespace {

using strait::error;
using strait::error_code;
using strait::handle;
using strait::inherited;
using strait::make_channel;
using strait::process;
using strait::process_options;
using strait::receiver;
using strait::sender;

struct job {
    int number = 0;
    sender<std::string> reply;
};

using strings = std::vector<std::string>;

// Which descriptors from 3 on are open. Reading the directory opens one itself.
std::string open_descriptors() {
    std::string text;
    for (int number = 3; number < 256; ++number)
        if (::fcntl(number, F_GETFD) != -1) text += std::to_string(number) + ' ';
    return text;
}

handle make_pipe(handle& write_end) {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);
    write_end = handle(ends[1]);
    return handle(ends[0]);
}

// A child whose role sends what it found through the end "report", and that line by line.
strings report_of(process_options& options) {
    auto [tx, rx] = make_channel<std::string>();
    options.give("report", std::move(tx));
    process child = process::start(options);
    strings lines;
    error_code ec;
    for (std::string line = rx.recv(ec); !ec; line = rx.recv(ec)) lines.push_back(line);
    BOOST_TEST(ec == boost::asio::error::eof);
    BOOST_TEST(code_of(child) == 0);
    return lines;
}

strings report_of(const char* role) {
    process_options options = role_options(role);
    return report_of(options);
}

}  // namespace

STRAIT_TEST_ROLE(answer_by_name) {
    inherited in = inherited::take();
    auto jobs = in.take<receiver<job>>("jobs");
    error_code ec;
    for (job j = jobs.recv(ec); !ec; j = jobs.recv(ec))
        j.reply.send("job " + std::to_string(j.number));
    return ec == boost::asio::error::eof ? 0 : 1;
}

STRAIT_TEST_ROLE(add_by_position) {
    inherited in = inherited::take();
    auto numbers = in.take<receiver<int>>(0);
    auto sums = in.take<sender<int>>(1);
    const int first = numbers.recv();
    sums.send(first + numbers.recv());
    return in.size() == 2 && in.names() == strings{"", ""} ? 0 : 1;
}

// Everything that a program may ask for in vain.
STRAIT_TEST_ROLE(ask_wrongly) {
    inherited in = inherited::take();
    auto report = in.take<sender<std::string>>("report");
    error_code ec;
    strait::diagnostics details;
    static_cast<void>(in.take<receiver<std::string>>("numbers", ec, details));
    report.send(ec.message() + '|' + details.expected + '|' + details.found);
    static_cast<void>(in.take<sender<int>>("numbers", ec));
    report.send(ec.message());
    static_cast<void>(in.take<handle>("numbers", ec));
    report.send(ec.message());
    static_cast<void>(in.take<receiver<int>>("number", ec));
    report.send(ec.message());
    static_cast<void>(in.take<receiver<int>>(7, ec));
    report.send(ec.message());
    try {
        static_cast<void>(in.take<receiver<std::string>>("numbers"));
    } catch (const strait::system_error& e) {
        report.send(e.what());
    }
    // It is still there.
    auto numbers = in.take<receiver<int>>("numbers");
    report.send(std::to_string(numbers.recv()));
    static_cast<void>(in.take<receiver<int>>("numbers", ec));
    report.send(ec.message());
    static_cast<void>(inherited::take(ec));
    report.send(ec.message());
    return 0;
}

STRAIT_TEST_ROLE(list_what_is_open) {
    const std::string before = open_descriptors();
    inherited in = inherited::take();
    auto report = in.take<sender<std::string>>("report");
    report.send(before);
    // The socket, the end taken, and on Linux nothing else; the child of a parent that it does not
    // outlive has one more.
    in = inherited();
    report.send(open_descriptors());
    return 0;
}

STRAIT_TEST_ROLE(take_many) {
    inherited in = inherited::take();
    int sum = 0;
    for (std::size_t i = 0; i != in.size(); i += 2) {
        auto numbers = in.take<receiver<std::string>>(i);
        auto results = in.take<sender<std::size_t>>(i + 1);
        results.send(numbers.recv().size() + i);
        ++sum;
    }
    return sum == 150 ? 0 : 1;
}

STRAIT_TEST_ROLE(find_nothing) {
    error_code ec;
    const inherited in = inherited::take(ec);
    return ec == error::no_inherited_ends && in.size() == 0 && !in.contains("report") ? 0 : 1;
}

// Passes its receiver on to a child of its own, and starts one that gets nothing.
STRAIT_TEST_ROLE(pass_on) {
    inherited in = inherited::take();
    process_options options = role_options("answer_by_name");
    options.give("jobs", in.take<receiver<job>>("jobs"));
    process grandchild = process::start(options);
    process other = process::start(role_options("find_nothing"));
    return other.wait().success() && grandchild.wait().success() ? 0 : 1;
}

STRAIT_TEST_ROLE(copy_handle) {
    inherited in = inherited::take();
    const handle from = in.take<handle>("from");
    const handle to = in.take<handle>("to");
    char text[16];
    const auto n = ::read(from.native_handle(), text, sizeof(text));
    return n > 0 && ::write(to.native_handle(), text, static_cast<std::size_t>(n)) == n ? 0 : 1;
}

// Two senders of one channel: closing the first one taken does not end the other.
STRAIT_TEST_ROLE(take_twice) {
    inherited in = inherited::take();
    auto one = in.take<sender<int>>("one");
    one.send(1);
    one.close();
    in.take<sender<int>>("two").send(2);
    in.take<sender<int>>("three").send(3);
    return in.contains("three") ? 1 : 0;
}

STRAIT_TEST_ROLE(take_none) {
    static_cast<void>(inherited::take());
    return 0;
}

BOOST_FIXTURE_TEST_SUITE(spawn, clean_fixture)

// ipc-channel: cross_process_spawn, spawn_one_shot_server_client
BOOST_AUTO_TEST_CASE(ends_are_taken_up_by_name) {
    auto [tx, rx] = make_channel<job>();
    auto [answer_tx, answer_rx] = make_channel<std::string>();
    process_options options = role_options("answer_by_name");
    options.give("jobs", std::move(rx));
    process child = process::start(options);
    for (int i = 0; i < 3; ++i) {
        job j{i, answer_tx};
        tx.send(std::move(j));
        BOOST_TEST(answer_rx.recv() == "job " + std::to_string(i));
    }
    tx.close();
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(ends_are_taken_up_by_position) {
    auto [tx, rx] = make_channel<int>();
    auto [sum_tx, sum_rx] = make_channel<int>();
    tx.send(20);
    process_options options = role_options("add_by_position");
    options.give(std::move(rx)).give(std::move(sum_tx));
    process child = process::start(options);
    tx.send(22);
    BOOST_TEST(sum_rx.recv() == 42);
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_or_of_another_type_is_one_clear_error) {
    auto [tx, rx] = make_channel<int>();
    tx.send(5);
    process_options options = role_options("ask_wrongly");
    options.give("numbers", std::move(rx));
    const strings lines = report_of(options);
    BOOST_REQUIRE_EQUAL(lines.size(), 9u);
    const std::string mismatch = make_error_code(error::type_mismatch).message();
    const std::string nothing = make_error_code(error::no_such_end).message();
    BOOST_TEST(lines[0].starts_with(mismatch + '|'));
    BOOST_TEST(lines[0].find("string") != std::string::npos);
    BOOST_TEST(lines[0].find("|int [") != std::string::npos);
    for (const int at : {1, 2, 3, 4, 7})
        BOOST_TEST(lines[static_cast<std::size_t>(at)] == nothing);
    BOOST_TEST(lines[5].find("\"numbers\"): int [") != std::string::npos);
    BOOST_TEST(lines[6] == "5");
    BOOST_TEST(lines[8] == make_error_code(error::no_inherited_ends).message());
}

BOOST_AUTO_TEST_CASE(a_child_has_nothing_open_but_what_it_was_given) {
    // Neither is close-on-exec.
    const handle low(::fcntl(1, F_DUPFD, 20));
    const handle high(::fcntl(1, F_DUPFD, 40));
    process_options options = role_options("list_what_is_open");
    options.outlives_parent();
#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
    const strings expected{"3 ", "4 "};
#else
    const strings expected{"3 4 ", "4 5 "};
#endif
    BOOST_TEST(report_of(options) == expected, boost::test_tools::per_element());
    const strings with_lifeline{"3 4 ", "4 5 "};
    BOOST_TEST(report_of("list_what_is_open") == with_lifeline, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(many_ends_and_what_is_unread_in_them_arrive) {
    std::vector<sender<std::string>> senders;
    std::vector<receiver<std::size_t>> results;
    process_options options = role_options("take_many");
    for (std::size_t i = 0; i < 150; ++i) {
        auto [tx, rx] = make_channel<std::string>();
        auto [result_tx, result_rx] = make_channel<std::size_t>();
        // Some of it read ahead, so that it travels in the message.
        tx.send("");
        tx.send(std::string(8000 + i, 'x'));
        tx.send("");
        BOOST_TEST(rx.recv().empty());
        options.give(std::move(rx)).give(std::move(result_tx));
        senders.push_back(std::move(tx));
        results.push_back(std::move(result_rx));
    }
    process child = process::start(options);
    for (std::size_t i = 0; i < 150; ++i) BOOST_TEST(results[i].recv() == 8000 + 3 * i);
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_leaves_the_ends_with_the_options) {
    auto [tx, rx] = make_channel<job>();
    auto [answer_tx, answer_rx] = make_channel<std::string>();
    job first{1, answer_tx};
    tx.send(std::move(first));
    process_options options = role_options("answer_by_name");
    options.give("jobs", std::move(rx)).working_directory("/nonexistent");
    error_code ec;
    BOOST_TEST(!process::start(options, ec).is_open());
    BOOST_TEST((ec == boost::system::errc::no_such_file_or_directory));
    job second{2, answer_tx};
    tx.send(std::move(second));
    options.working_directory("/");
    process child = process::start(options);
    BOOST_TEST(answer_rx.recv() == "job 1");
    BOOST_TEST(answer_rx.recv() == "job 2");
    tx.close();
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_start_nothing) {
    const auto code_for = [](auto give) {
        process_options options = role_options("take_none");
        give(options);
        error_code ec;
        BOOST_TEST(!process::start(options, ec).is_open());
        return ec;
    };
    const auto empty = make_error_code(error::empty_end);
    const auto invalid = make_error_code(boost::system::errc::invalid_argument);
    auto [tx, rx] = make_channel<int>();
    BOOST_TEST(code_for([](auto& o) { o.give(sender<int>()); }) == empty);
    BOOST_TEST(code_for([](auto& o) { o.give(receiver<int>()); }) == empty);
    BOOST_TEST(code_for([](auto& o) { o.give("log", handle()); }) == empty);
    BOOST_TEST(code_for([&tx = tx](auto& o) { o.give("a", tx).give("a", tx); }) == invalid);
    BOOST_TEST(code_for([](auto& o) { o.variable("", "x"); }) == invalid);
    // What failed left nothing behind.
    tx.send(1);
    BOOST_TEST(rx.recv() == 1);
}

BOOST_AUTO_TEST_CASE(a_child_that_was_given_nothing_says_so) {
    process child = process::start(role_options("find_nothing"));
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(children_pass_ends_on_and_grandchildren_see_nothing_else) {
    auto [tx, rx] = make_channel<job>();
    auto [answer_tx, answer_rx] = make_channel<std::string>();
    process_options options = role_options("pass_on");
    options.give("jobs", std::move(rx));
    process child = process::start(options);
    job j{3, answer_tx};
    tx.send(std::move(j));
    BOOST_TEST(answer_rx.recv() == "job 3");
    tx.close();
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(handles_are_given) {
    handle in_write;
    handle out_write;
    handle in = make_pipe(in_write);
    const handle out = make_pipe(out_write);
    process_options options = role_options("copy_handle");
    options.give("from", std::move(in)).give("to", std::move(out_write));
    process child = process::start(options);
    BOOST_TEST(::write(in_write.native_handle(), "hello", 5) == 5);
    BOOST_TEST(code_of(child) == 0);
    char text[16];
    BOOST_TEST(::read(out.native_handle(), text, sizeof(text)) == 5);
    BOOST_TEST(::read(out.native_handle(), text, sizeof(text)) == 0);
}

BOOST_AUTO_TEST_CASE(senders_of_one_channel_given_twice_are_two) {
    auto [tx, rx] = make_channel<int>();
    process_options options = role_options("take_twice");
    options.give("one", tx).give("two", tx).give("three", std::move(tx));
    process child = process::start(options);
    for (const int i : {1, 2, 3}) BOOST_TEST(rx.recv() == i);
    error_code ec;
    rx.recv(ec);
    BOOST_TEST(ec == boost::asio::error::eof);
    BOOST_TEST(code_of(child) == 0);
}

BOOST_AUTO_TEST_CASE(ends_that_nobody_takes_are_closed) {
    auto [tx, rx] = make_channel<int>();
    auto [back_tx, back_rx] = make_channel<int>();
    process_options options = role_options("take_none");
    options.give(std::move(rx)).give(std::move(back_tx));
    process child = process::start(options);
    error_code ec;
    back_rx.recv(ec);
    BOOST_TEST(ec == boost::asio::error::eof);
    BOOST_TEST(code_of(child) == 0);
    tx.send(1, ec);
    BOOST_TEST(ec == boost::asio::error::broken_pipe);
}

BOOST_AUTO_TEST_CASE(a_child_that_takes_nothing_up_does_not_hold_up_its_start) {
    auto [tx, rx] = make_channel<std::string>();
    for (int i = 0; i < 10; ++i) tx.send(std::string(10000, 'x'));
    rx.recv();
    process_options options("/bin/true");
    options.give(std::move(rx));
    process child = process::start(options);
    BOOST_TEST(code_of(child) == 0);
    error_code ec;
    tx.send("x", ec);
    BOOST_TEST(ec == boost::asio::error::broken_pipe);
}

BOOST_AUTO_TEST_SUITE_END()
