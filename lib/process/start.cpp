//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/process_options.hpp>

#include "posix/inherit.hpp"
#include "posix/own_program.hpp"
#include "process/bootstrap.hpp"
#include "process/child_core.hpp"
#include "process/dropped_children.hpp"

#include <strait/codec.hpp>

#include <utility>

namespace strait {

process_options process_options::this_program() {
    error_code ec;
    std::string path = detail::os::own_program(ec);
    if (ec) throw system_error(ec, "process_options::this_program");
    return process_options(std::move(path));
}

namespace detail {

namespace {

// Where the child finds the socket with its ends: after the standard streams.
constexpr int bootstrap_number = 3;

os::redirection redirection_to(const standard_stream& stream) {
    switch (stream.to) {
        case standard_stream::target::null_device: return os::redirection::null();
        case standard_stream::target::given: return os::redirection::from(stream.given);
        case standard_stream::target::inherited: break;
    }
    return {};
}

os::child_options options_of(const process_plan& plan) {
    os::child_options options;
    options.program = plan.program;
    options.search_path = plan.search_path;
    options.arguments = plan.arguments;
    options.environment = plan.environment;
    options.added_environment = plan.added_environment;
    options.working_directory = plan.working_directory;
    options.ends_with_parent = plan.ends_with_parent;
    for (std::size_t i = 0; i < plan.standard_streams.size(); ++i)
        options.standard_streams[i] = redirection_to(plan.standard_streams[i]);
    return options;
}

void let_go(process_plan& plan) {
    plan.given.clear();
    for (standard_stream& stream : plan.standard_streams) {
        if (stream.to != standard_stream::target::given) continue;
        stream.given.close();
        stream.to = standard_stream::target::inherited;
    }
}

error_code deliver(bootstrap& handover) {
    try {
        return handover.deliver();
    } catch (...) {
        return current_exception_code();
    }
}

std::shared_ptr<process_core> try_start(
    process_plan& plan, const asio::any_io_executor& executor, error_code& ec) {
    os::child_options options = options_of(plan);
    // Nothing may fail once the child has everything.
    auto core = std::make_shared<child_core>(plan.ends_with_parent, executor);
    bootstrap handover;
    ec = {};
    if (!plan.given.empty()) {
        ec = handover.prepare(plan.given);
        if (ec) return nullptr;
        const handle& socket = handover.child_side();
        options.added_environment.push_back(os::inherited_variable(socket, bootstrap_number, ec));
        if (ec) return nullptr;
        options.descriptors = {os::placed_descriptor::of(socket, bootstrap_number)};
    }
    os::child child = os::child::start(options, ec);
    if (ec) return nullptr;
    // After the start, since what was written cannot be taken back when there is no program.
    if (!plan.given.empty()) ec = deliver(handover);
    if (ec) {
        error_code ignored;
        child.kill(ignored);
        child.wait(ignored);
        return nullptr;
    }
    let_go(plan);
    core->adopt(std::move(child));
    return core;
}

}  // namespace

std::shared_ptr<process_core> start_process(
    process_plan& plan, const asio::any_io_executor& executor, error_code& ec) {
    reap_dropped_children();
    try {
        return try_start(plan, executor, ec);
    } catch (...) {
        ec = current_exception_code();
        return nullptr;
    }
}

}  // namespace detail
}  // namespace strait
