//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "reference.hpp"

#include <strait/handle_asio.hpp>
#include <strait/process.hpp>

#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace word_count {

namespace {

// Runs another program, and returns what it writes.
std::string output_of(strait::process_options options) {
    boost::asio::io_context context;
    boost::asio::readable_pipe ours(context);
    boost::asio::writable_pipe theirs(context);
    boost::asio::connect_pipe(ours, theirs);
    options.standard_output(strait::handle::from(std::move(theirs)));
    strait::process program = strait::process::start(options);
    std::string text;
    strait::error_code at_end;
    boost::asio::read(ours, boost::asio::dynamic_buffer(text), at_end);
    if (!program.wait().success()) throw std::runtime_error("wc failed");
    return text;
}

}  // namespace

counts ask_wc(const std::filesystem::path& directory) {
    strait::process_options shell("/bin/sh");
    shell.arguments({"-c", "find \"$0\" -type f -print0 | wc --files0-from=-", directory.string()});
    shell.variable("LC_ALL", "C");
    std::istringstream lines(output_of(std::move(shell)));
    counts sum;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        counts c;
        std::string name;
        if (!(fields >> c.lines >> c.words >> c.bytes >> name)) throw std::runtime_error(line);
        // The total is left out: there is none for a single file. No path is called so, since
        // all of them are absolute.
        if (name != "total") sum += c;
    }
    return sum;
}

}  // namespace word_count
