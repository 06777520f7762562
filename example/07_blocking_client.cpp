//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: a client without any io_context and an asynchronous server share their messages, ends
// included. Decoding gives an end the executor of the receiver that it came through: that of the
// server there, none here. (The client starts the server, which reverses its words.)

#include <strait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;

struct answer {
    std::string text;
    bool last = false;
};

// Asks for one answer for each word, through an end of the client's.
struct query {
    std::vector<std::string> words;
    strait::sender<answer> reply;
};

asio::awaitable<void> answer_one(query q) {
    for (const std::string& word : q.words) {
        answer a{std::string(word.rbegin(), word.rend()), &word == &q.words.back()};
        co_await q.reply.async_send(std::move(a));  // the end has the server's executor
    }
}

// Serves any number of clients at once; a slow one holds up no other.
asio::awaitable<void> serve(strait::receiver<query> queries) {
    const auto executor = queries.get_executor();
    while (auto q = co_await queries.async_next())
        asio::co_spawn(executor, answer_one(std::move(*q)), asio::detached);
}

int server() {
    asio::io_context context;
    auto in = strait::inherited::take().take<strait::receiver<query>>("queries", context);
    asio::co_spawn(context, serve(std::move(in)), asio::detached);
    context.run();
    return 0;
}

int client(std::vector<std::string> words) {
    auto [queries, queries_end] = strait::make_channel<query>();
    auto options = strait::process_options::this_program();
    options.argument("--serve").give("queries", std::move(queries_end));
    auto process = strait::process::start(options);

    auto [reply, answers] = strait::make_channel<answer>();
    queries.send(query{std::move(words), std::move(reply)});
    queries.close();  // the last one: the server ends when it has answered
    bool complete = false;
    for (const answer& a : answers.values()) {  // until the server has dropped its end
        std::printf("%s\n", a.text.c_str());
        complete = a.last;
    }
    return complete && process.wait().success() ? 0 : 1;
}

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (words == std::vector<std::string>{"--serve"}) return server();
    return client(words.empty() ? std::vector<std::string>{"two", "words"} : words);
}
