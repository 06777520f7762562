//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: a server of many clients at one name, with callbacks. Each client has a channel of its
// own and sends a reply channel with its requests; one that ends, or misbehaves, disturbs nobody.

#include <strait.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct question {
    std::string word;
    strait::sender<std::string> reply;
};

int client(const std::string& name, const std::string& word) {
    auto questions = strait::connect<question>(strait::endpoint(name));
    auto [reply, answers] = strait::make_channel<std::string>();
    questions.send(question{word, reply});
    return std::printf("%s\n", answers.recv().c_str()) > 0 ? 0 : 1;
}

// One client. It lives as long as its receive waits.
class session : public std::enable_shared_from_this<session> {
public:
    explicit session(strait::receiver<question> questions) : questions_(std::move(questions)) {}

    void next() {
        questions_.async_recv([self = shared_from_this()](strait::error_code ec, question q) {
            if (ec) return;  // the client is gone
            q.reply.async_send(q.word + " has " + std::to_string(q.word.size()) + " letters",
                [self](strait::error_code) { self->next(); });
        });
    }

private:
    strait::receiver<question> questions_;
};

void accept(strait::listener<question>& names) {
    names.async_accept([&](strait::error_code ec, strait::receiver<question> rx, strait::peer) {
        if (ec) return;  // closed
        std::make_shared<session>(std::move(rx))->next();
        accept(names);
    });
}

int main(int argc, char** argv) try {
    if (argc == 3) return client(argv[1], argv[2]);
    boost::asio::io_context context;
    strait::listener<question> names(context, strait::endpoint::generate());
    accept(names);
    std::vector<strait::process> clients;
    int ended = 0, ended_well = 0;
    for (const char* word : {"strait", "channel", "link"}) {
        auto self = strait::process_options::this_program();
        self.argument(names.local_endpoint().to_string()).argument(word);
        clients.push_back(strait::process::start(context, self));
        clients.back().async_wait([&](strait::error_code, strait::exit_status status) {
            if (status.success()) ++ended_well;
            if (++ended == 3) names.close();
        });
    }
    context.run();
    return ended_well == 3 ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "server_of_many_clients: %s\n", e.what());
    return 1;
}
