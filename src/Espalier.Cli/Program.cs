Console.WriteLine(torch.ones(2).sum().ToSingle());
