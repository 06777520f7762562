//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/session.hpp"

#include "support/machine.hpp"
#include "support/raw.hpp"

#include <stdlib.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>
#include <tuple>

namespace bench::peers {

namespace {

std::string new_directory() {
    std::string path = (std::filesystem::temp_directory_path() / "strait-bench-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
        throw strait::system_error({errno, boost::system::system_category()}, "mkdtemp");
    return path;
}

void say(const strait::handle& to) {
    const std::byte mark{1};
    raw::write_all(to, {&mark, 1});
}

void wait_for(const strait::handle& from) {
    std::byte mark{};
    raw::read_all(from, {&mark, 1});
}

}  // namespace

session::session(pattern what, std::uint64_t bytes)
    : what_(what), bytes_(bytes), directory_(new_directory()) {
    task first;
    std::tie(answers_, first.answers.emplace()) = raw::socket_pair();
    other_.emplace().give(std::move(first));
}

session::~session() {
    other_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

meeting session::meeting_of(int number) const {
    meeting m;
    m.what = what_;
    m.bytes = bytes_;
    m.directory = directory_;
    m.name = "bench_" + std::to_string(::getpid()) + '_' + std::to_string(number);
    return m;
}

std::unique_ptr<client> session::open(const transport& t) {
    if (t.prepare != nullptr) t.prepare();
    static int next_number = 0;  // of this process: names of queues are the system's
    const int number = next_number++;
    meeting mine = meeting_of(number);
    if (t.needs_server) {
        task opening;
        opening.transport = t.name;
        meeting& theirs = opening.opening.emplace(meeting_of(number));
        std::tie(mine.socket, theirs.socket) = raw::socket_pair();
        other_->give(std::move(opening));
        wait_for(answers_);
    }
    return t.make_client(mine);
}

void session::serve(const transport& t, std::uint64_t count) {
    task some;
    some.transport = t.name;
    some.count = count;
    other_->give(std::move(some));
}

void session::wait_until_served() { wait_for(answers_); }

namespace {

using servers = std::map<std::string, std::unique_ptr<server>>;

void open(const task& t, meeting m, servers& all, const strait::handle& answers) {
    auto& made = all[t.transport] = transport_by_name(t.transport).make_server(m);
    say(answers);
    made->meet();
}

void serve(server& by, pattern what, std::uint64_t count, const glimpse& expected) {
    for (std::uint64_t i = 0; i < count; ++i) {
        if (what == pattern::round_trip)
            by.answer();
        else
            require_equal(by.receive(), expected);
    }
    by.flush();
}

}  // namespace

int run_peer() {
    auto tasks = inherited_tasks<task>();
    const strait::handle answers = std::move(*tasks.recv().answers);
    servers all;
    pattern what{};
    glimpse expected;
    for (strait::error_code ec;;) {
        task t = tasks.recv(ec);
        if (ec) return 0;
        if (t.opening) {
            what = t.opening->what;
            expected = look_at(make_payload<any_bytes>(t.opening->bytes));
            open(t, std::move(*t.opening), all, answers);
        } else {
            serve(*all.at(t.transport), what, t.count, expected);
            say(answers);
        }
    }
}

}  // namespace bench::peers
